/** The database refuses every step of a prompt that is not in domain/prompt.ts, whoever tries it. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { allowedPromptSteps, isFinal, type PromptStatus, promptStatuses } from "../../src/domain/prompt.ts";
import { statement } from "../../src/storage/database.ts";
import { makeDatabase, type TestDatabase } from "../support/database.ts";
import { insertRow, newPrompt, now, promptColumns, refusalOf } from "./planted.ts";

let database: TestDatabase;
before(async () => {
  database = await makeDatabase();
});
after(() => database.close());

/** What the database says to a prompt's step, all else about the row being in order. */
async function step(from: PromptStatus, to: PromptStatus): Promise<string> {
  // Only a refund waits; the kind is no part of the step.
  const prompt = newPrompt(from, { kind: "refund" });
  await insertRow(database, "prompts", prompt);
  const columns = Object.entries({ ...promptColumns(to), card_presented_at: to === "PROCESSING" ? now : null });
  const sets = columns.map(([name], index) => `${name} = $${index + 2}`).join(", ");
  const update = statement("", `UPDATE prompts SET ${sets} WHERE id = $1`);
  const refusal = await refusalOf(database.db.query(update, [prompt.id, ...columns.map(([, value]) => value)]));
  const [row] = await database.sql<{ status: string }>("SELECT status FROM prompts WHERE id = $1", [prompt.id]);
  assert.equal(row?.status, refusal === "taken" ? to : from);
  return refusal;
}

describe("a prompt in the database", () => {
  const allowed = new Set(allowedPromptSteps().map(([from, to]) => `${from}>${to}`));
  for (const from of promptStatuses) {
    test(`goes from ${from} exactly where the table lets it`, async () => {
      for (const to of promptStatuses) {
        if (from === to) continue;
        const expected = allowed.has(`${from}>${to}`) ? "taken" : "prompt_step";
        assert.equal(await step(from, to), expected, `${from} > ${to}`);
      }
    });
  }

  test("that is final never leaves it, even among other changes in one statement", async () => {
    for (const from of promptStatuses.filter(isFinal)) {
      const prompt = newPrompt(from);
      await insertRow(database, "prompts", prompt);
      const update = "UPDATE prompts SET amount = 1, status = 'SENT', finished_at = NULL WHERE id = $1";
      assert.equal(await refusalOf(database.db.query(statement("", update), [prompt.id])), "prompt_step");
    }
  });

  test("keeps its status under a change of anything else", async () => {
    for (const status of promptStatuses) {
      const prompt = newPrompt(status);
      await insertRow(database, "prompts", prompt);
      const update = "UPDATE prompts SET status = status, cancel_asked_at = $2, cancel_asked_by = 'c' WHERE id = $1";
      assert.equal(await refusalOf(database.db.query(statement("", update), [prompt.id, now])), "taken");
    }
  });
});
