/** A simulated terminal does the housekeeping that it is asked for, once, and closes its day by its host's book. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { ServerFrame } from "../../src/contract/terminal-protocol.ts";
import type { OperationResult } from "../../src/simulator/journal.ts";
import { SimulatedScene } from "../support/simulated-scene.ts";

let scene: SimulatedScene;
beforeEach(async () => {
  scene = await SimulatedScene.open();
});
afterEach(() => scene.close());

type OperationFrame = Extract<ServerFrame, { type: "operation" }>;
const frame = (operation_id: string, operation: OperationFrame["operation"] = "end_of_day"): OperationFrame => ({
  type: "operation",
  operation_id,
  operation,
});

async function done(asked: OperationFrame): Promise<OperationResult> {
  scene.server.send(asked);
  const result = await scene.server.expect("operation_result");
  assert.deepEqual([result.operation_id, result.outcome], [asked.operation_id, "completed"]);
  await scene.acknowledge(result);
  return result;
}

const closed = async (operation_id: string) => (await done(frame(operation_id))).result as Record<string, unknown>;

describe("the end of day of a simulated terminal", () => {
  test("counts sales, sales taken back, captures and refunds since the last one, and nothing that moved no money", async () => {
    const first = await scene.take();
    await scene.take({ amount: 990100 });
    await scene.take({ kind: "refund", amount: 5000 });
    const late = await scene.take({ kind: "refund", amount: 39900 });
    const held = await scene.take({ kind: "authorize" });
    await scene.tell(scene.advice(held.prompt_id, "capture", 10000));
    await scene.tell(scene.advice(held.prompt_id, "capture", 39900));
    await scene.tell(scene.advice(held.prompt_id, "lapse", 29900));
    for (const { prompt_id } of [first, late]) {
      scene.server.send(scene.reverse(prompt_id));
      await scene.acknowledge(await scene.server.expect("reversal_result"));
    }
    assert.deepEqual(await closed("op_1"), {
      outcome: "accepted",
      batch_id: "1",
      purchases_count: 2,
      purchases_amount: 49900,
      reversals_count: 1,
      reversals_amount: 39900,
      refunds_count: 1,
      refunds_amount: 5000,
      sale_amount: 10000,
      tip_amount: 0,
    });
    await scene.take();
    const second = await closed("op_2");
    assert.deepEqual(
      [second.batch_id, second.purchases_count, second.sale_amount, second.refunds_count],
      ["2", 1, 39900, 0],
    );
    assert.deepEqual(
      [second.start_of_day_at, second.last_end_of_day_at],
      [scene.book.days[0]?.closed_at, scene.book.days[0]?.closed_at],
    );
  });

  test("asked for again under its id is the same, also after a start from the journal", async () => {
    await scene.take();
    const before = await done(frame("op_1"));
    scene.server.send(frame("op_1"));
    assert.deepEqual(await scene.server.expect("operation_result"), before);
    await scene.boot();
    scene.server.send(frame("op_1"));
    assert.deepEqual(await scene.server.expect("operation_result"), before);
    assert.equal(scene.book.days.length, 1);
  });

  test("whose answer was lost comes after the next hello", async () => {
    scene.troubles.order({ kind: "answer_lost", at: "concluded", for_ms: 0 });
    scene.server.send(frame("op_1", "send_logs"), frame("op_2", "open_menu"));
    const second = await scene.server.expect("operation_result");
    assert.deepEqual([second.operation_id, second.sequence], ["op_2", 2]);
    await scene.boot();
    const again = [await scene.server.expect("operation_result"), await scene.server.expect("operation_result")];
    assert.deepEqual(
      again.map(({ operation_id, sequence }) => [operation_id, sequence]),
      [
        ["op_1", 1],
        ["op_2", 2],
      ],
    );
  });
});
