/** A simulated terminal pays back and holds money as it sells: what it shows, what it prints, and what its host books. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { PromptFrame } from "../../src/contract/terminal-protocol.ts";
import { anyOtherAmount } from "../../src/simulator/amounts.ts";
import { SimulatedScene } from "../support/simulated-scene.ts";

let scene: SimulatedScene;
beforeEach(async () => {
  scene = await SimulatedScene.open();
});
afterEach(() => scene.close());

const kinds: [kind: PromptFrame["kind"], asks: string, tells: string, receipt: string, emv_type: string][] = [
  ["purchase", "Present card: 399.00 NOK", "Approved", "PURCHASE", "00"],
  ["authorize", "Present card: 399.00 NOK", "Approved", "AUTHORIZATION", "00"],
  ["refund", "Present card to refund: 399.00 NOK", "Refunded", "REFUND", "20"],
];

for (const [kind, asks, tells, receipt, emv_type] of kinds) {
  describe(`a prompt to ${kind}`, () => {
    test("is announced, and says which way the money goes: on the screen and on both receipts", async () => {
      assert.ok(scene.server.hello?.capabilities.kinds.includes(kind));
      await scene.show({ kind });
      assert.equal(scene.terminal.screen.text, asks);
      await scene.terminal.pressCancel();
      await scene.acknowledge(await scene.server.expect("result"));
      const { outcome, facts = {} } = await scene.take({ kind });
      assert.equal(outcome, "approved");
      assert.equal(scene.terminal.screen.text, tells);
      for (const text of [facts.customerReceipt, facts.merchantReceipt]) {
        assert.match(text ?? "", new RegExp(`^${receipt} 399\\.00 NOK$`, "m"));
      }
      assert.equal(facts.transactionType, emv_type);
    });

    test("stands in the host's book by its kind, apart from the others", async () => {
      const approved = await scene.take({ kind });
      for (const [other] of kinds) {
        const standing = scene.book.standingApprovals(other).map(({ prompt_id }) => prompt_id);
        assert.deepEqual(standing, other === kind ? [approved.prompt_id] : []);
      }
      assert.deepEqual(
        scene.book.standingApprovals().map(({ amount, currency }) => [amount, currency]),
        [[39900, "NOK"]],
      );
    });

    test("is decided by its amount as a sale is: declined money does not move", async () => {
      const { outcome, reason_code } = await scene.take({ kind, amount: 990200 });
      assert.deepEqual([outcome, reason_code], ["declined", "INSUFFICIENT_FUNDS"]);
      assert.equal(scene.terminal.screen.text, "Declined");
      assert.deepEqual(scene.book.standingApprovals(), []);
    });

    test("that lost its power after the host was asked is approved when it is back, and asked for once", async () => {
      scene.troubles.order({ kind: "power_cut", at: "host_asked", for_ms: 0 });
      const { prompt_id } = await scene.show({ kind });
      await scene.terminal.presentCard(anyOtherAmount);
      await scene.server.expect("card_presented");
      await scene.wentDark;
      await scene.boot();
      const result = await scene.server.expect("result");
      assert.deepEqual([result.prompt_id, result.outcome], [prompt_id, "approved"]);
      assert.match(result.facts?.customerReceipt ?? "", new RegExp(`^${receipt} `, "m"));
      assert.equal(scene.disk.host.length, 1);
    });

    test("is approved once under one id: it is not shown again", async () => {
      const result = await scene.take({ kind });
      scene.server.send(scene.server.prompt(scene.clock, { kind, prompt_id: result.prompt_id }));
      assert.deepEqual(await scene.server.expect("result"), result);
      assert.equal(scene.terminal.screen.waits, false);
      assert.equal(scene.disk.host.length, 1);
    });

    test("can be taken back, once", async () => {
      const { prompt_id } = await scene.take({ kind });
      scene.server.send(scene.reverse(prompt_id));
      const result = await scene.server.expect("reversal_result");
      assert.equal(result.outcome, "reversed");
      assert.deepEqual(scene.book.standingApprovals(), []);
      scene.server.send(scene.reverse(prompt_id));
      assert.deepEqual(await scene.server.expect("reversal_result"), result);
      scene.server.send(scene.reverse(prompt_id, "rv_other"));
      assert.equal((await scene.server.expect("reversal_result")).outcome, "reversed");
      assert.equal(scene.disk.host.length, 2);
    });

    test("stands if the host was ordered to refuse the next reversal, and is taken back by the one after", async () => {
      const { prompt_id } = await scene.take({ kind });
      scene.troubles.order({ kind: "reversal_refused", at: "sent", for_ms: 0 });
      scene.server.send(scene.reverse(prompt_id));
      const refused = await scene.server.expect("reversal_result");
      assert.deepEqual([refused.outcome, refused.reason], ["refused", "The host refuses it."]);
      assert.equal(scene.book.standingApprovals(kind).length, 1);
      scene.server.send(scene.reverse(prompt_id));
      assert.deepEqual(await scene.server.expect("reversal_result"), refused);
      scene.server.send(scene.reverse(prompt_id, "rv_other"));
      assert.equal((await scene.server.expect("reversal_result")).outcome, "reversed");
      assert.deepEqual(scene.book.standingApprovals(), []);
    });
  });
}

test("a book from the time when there were only purchases is read as purchases", async () => {
  await scene.take();
  const [entry] = scene.disk.host;
  assert.ok(entry !== undefined && "answer" in entry);
  const { kind, ...before } = entry;
  assert.equal(kind, "purchase");
  scene.disk.host.splice(0, 1, before as typeof entry);
  assert.deepEqual(scene.book.standingApprovals("purchase"), [entry]);
});
