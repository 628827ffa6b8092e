import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { newPairingCode, shownPairingCode, typedPairingCode } from "../../src/domain/pairing-code.ts";
import { Rejection } from "../../src/domain/rejections.ts";
import { isSimulatedDevice } from "../../src/domain/simulated-serial.ts";
import {
  nextTerminalStatus,
  type Readiness,
  readinessOf,
  statusReason,
  type TerminalAct,
  terminalStatuses,
} from "../../src/domain/terminal-status.ts";

const acts: readonly TerminalAct[] = ["paired", "revoked", "updated", "deactivate", "activate", "delete"];
const readinesses: readonly Readiness[] = ["unpaired", "paired", "ready"];

describe("a terminal's registration", () => {
  test("goes from PENDING over ACTION_REQUIRED to ACTIVE, INACTIVE and DELETED", () => {
    assert.equal(nextTerminalStatus("PENDING", "paired", "unpaired"), "ACTION_REQUIRED");
    assert.equal(nextTerminalStatus("ACTION_REQUIRED", "updated", "ready"), "ACTIVE");
    assert.equal(nextTerminalStatus("ACTIVE", "deactivate", "ready"), "INACTIVE");
    assert.equal(nextTerminalStatus("INACTIVE", "delete", "ready"), "DELETED");
  });

  test("is taken to ACTIVE by no act but an update, or by being switched on when all else was done", () => {
    for (const from of terminalStatuses.filter((status) => status !== "ACTIVE")) {
      for (const on of acts) {
        for (const readiness of readinesses) {
          if (nextTerminalStatus(from, on, readiness) !== "ACTIVE") continue;
          const by_update = from === "ACTION_REQUIRED" && on === "updated";
          const by_hand = from === "INACTIVE" && on === "activate" && readiness === "ready";
          assert.ok(by_update || by_hand, `${from} ${on} ${readiness}`);
        }
      }
    }
  });

  test("that was deleted is never anything else", () => {
    for (const on of acts) {
      for (const readiness of readinesses) {
        assert.ok([undefined, "DELETED"].includes(nextTerminalStatus("DELETED", on, readiness)), `${on} ${readiness}`);
      }
    }
  });

  test("can be deleted, wherever it stands", () => {
    for (const from of terminalStatuses) assert.equal(nextTerminalStatus(from, "delete", "unpaired"), "DELETED");
  });

  test("that is switched on again is as far as its device is", () => {
    assert.deepEqual(
      readinesses.map((readiness) => nextTerminalStatus("INACTIVE", "activate", readiness)),
      ["PENDING", "ACTION_REQUIRED", "ACTIVE"],
    );
  });

  test("takes no payments with a device that is new, or without one", () => {
    for (const from of terminalStatuses) {
      for (const on of ["paired", "revoked"] as const) {
        assert.notEqual(nextTerminalStatus(from, on, "ready"), "ACTIVE", `${from} ${on}`);
      }
    }
  });

  test("says what is to be done only where something is", () => {
    assert.deepEqual(
      terminalStatuses.filter((status) => statusReason(status) !== null),
      ["ACTION_REQUIRED"],
    );
    assert.equal(statusReason("ACTION_REQUIRED"), "CHECK_UPDATE");
  });

  test("is ready with a device that has connected and an update that was asked for, and not before", () => {
    const device_id = "dev_1";
    const journal_id = "jr_1";
    const check_update_asked_at = "2026-11-22T12:00:00.000Z";
    const nothing = { device_id: null, journal_id: null, check_update_asked_at: null };
    assert.equal(readinessOf(nothing), "unpaired");
    assert.equal(readinessOf({ ...nothing, check_update_asked_at }), "unpaired");
    assert.equal(readinessOf({ ...nothing, device_id }), "paired");
    assert.equal(readinessOf({ ...nothing, device_id, journal_id }), "paired");
    assert.equal(readinessOf({ ...nothing, device_id, check_update_asked_at }), "paired");
    assert.equal(readinessOf({ device_id, journal_id, check_update_asked_at }), "ready");
  });
});

describe("a pairing code", () => {
  test("has eight characters of which none is taken for another", () => {
    const code = newPairingCode(() => Uint8Array.from([0, 31, 32, 255, 18, 19, 20, 21]));
    assert.equal(code, "0Z0ZJKMN");
    for (let byte = 0; byte < 256; byte++) {
      assert.match(
        newPairingCode((length) => new Uint8Array(length).fill(byte)),
        /^[0-9A-HJKMNP-TV-Z]{8}$/,
      );
    }
  });

  test("is read as it was made, however a person types it", () => {
    const code = "7K3M01QX";
    for (const typed of [shownPairingCode(code), "7k3m-o1qx", " 7K3MoLqX ", "7 K 3 M O I Q X"]) {
      assert.equal(typedPairingCode(typed), code, typed);
    }
    assert.equal(shownPairingCode(code), "7K3M-01QX");
  });
});

describe("a serial number", () => {
  test("of a simulated terminal names its own account, and three digits", () => {
    assert.equal(isSimulatedDevice("T12345678", "SIMULATED-T12345678-001", undefined), true);
    assert.equal(isSimulatedDevice("T12345678", "SIMULATED-T12345678-001", "SIMULATED"), true);
    assert.equal(isSimulatedDevice("T12345678", "0042-7719", "S1U2"), false);
    const wrong = ["T12345678-01", "T12345678-0001", "T87654321-001", "T12345678", "T12345678-00A"];
    for (const serial_number of [...wrong.map((end) => `SIMULATED-${end}`), "simulated-T12345678-001", "SIMULATED"]) {
      assert.throws(() => isSimulatedDevice("T12345678", serial_number, undefined), refused("SIMULATED_SERIAL_WRONG"));
    }
  });

  test("of a simulated terminal is refused on a live account", () => {
    const live = () => isSimulatedDevice("P12345678", "SIMULATED-P12345678-001", undefined);
    assert.throws(live, refused("ACCOUNT_IS_LIVE"));
  });

  test("and the model go together", () => {
    for (const [serial_number, model] of [
      ["SIMULATED-T12345678-001", "S1U2"],
      ["0042-7719", "SIMULATED"],
    ] as const) {
      assert.throws(() => isSimulatedDevice("T12345678", serial_number, model), refused("DEVICE_MODEL_WRONG"));
    }
  });
});

const refused = (code: string) => (error: unknown) => error instanceof Rejection && error.code === code;
