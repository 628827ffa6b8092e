/**
 * The life of a terminal's registration (management section 3): which act leads where. The flows ask this table, and the
 * tests walk it.
 */

export type TerminalStatus = "PENDING" | "ACTION_REQUIRED" | "ACTIVE" | "INACTIVE" | "DELETED";

/**
 * paired: a device holds its key. revoked: the device is gone. updated: it has connected, and a check-update was asked for.
 * The others are the operator's own.
 */
export type TerminalAct = "paired" | "revoked" | "updated" | "deactivate" | "activate" | "delete";

/** How far the terminal is, whatever its status says: it has no device, one without its configuration, or all it needs. */
export type Readiness = "unpaired" | "paired" | "ready";

interface WayOut {
  readonly on: TerminalAct;
  readonly to: TerminalStatus;
  /** The way holds only then. Absent: it always holds. */
  readonly when?: Readiness;
}

interface StatusRule {
  readonly meaning: string;
  /** Told with the status. */
  readonly reason?: string;
  readonly ways_out: readonly WayOut[];
}

const paired: WayOut = { on: "paired", to: "ACTION_REQUIRED" };
const revoked: WayOut = { on: "revoked", to: "PENDING" };
const switchedOff: WayOut = { on: "deactivate", to: "INACTIVE" };
const deleted: WayOut = { on: "delete", to: "DELETED" };

export const terminalRules: Readonly<Record<TerminalStatus, StatusRule>> = {
  PENDING: {
    meaning: "Registered; no device is paired.",
    ways_out: [paired, { ...revoked, to: "PENDING" }, switchedOff, deleted],
  },
  ACTION_REQUIRED: {
    meaning: "A device is paired. It takes payments once it has connected and a check-update was asked for.",
    reason: "CHECK_UPDATE",
    ways_out: [paired, revoked, { on: "updated", to: "ACTIVE" }, switchedOff, deleted],
  },
  ACTIVE: {
    meaning: "It takes payments.",
    ways_out: [paired, revoked, { on: "activate", to: "ACTIVE" }, switchedOff, deleted],
  },
  INACTIVE: {
    meaning: "Switched off: it takes no payments. What is open on it goes on to its end.",
    ways_out: [
      // A box may be changed while it is switched off; switching it on finds out how far the new one is.
      { on: "paired", to: "INACTIVE" },
      { on: "revoked", to: "INACTIVE" },
      { on: "activate", to: "PENDING", when: "unpaired" },
      { on: "activate", to: "ACTION_REQUIRED", when: "paired" },
      { on: "activate", to: "ACTIVE", when: "ready" },
      { on: "deactivate", to: "INACTIVE" },
      deleted,
    ],
  },
  DELETED: {
    meaning: "Gone for good; its id is not given again. Its device may still tell how open payments ended.",
    ways_out: [{ on: "revoked", to: "DELETED" }, deleted],
  },
};

export const terminalStatuses = Object.keys(terminalRules) as TerminalStatus[];

/** The status that follows; `undefined` where the table has no such way out. */
export function nextTerminalStatus(
  from: TerminalStatus,
  on: TerminalAct,
  readiness: Readiness,
): TerminalStatus | undefined {
  const way = terminalRules[from].ways_out.find(
    (candidate) => candidate.on === on && (candidate.when === undefined || candidate.when === readiness),
  );
  return way?.to;
}

export const statusReason = (status: TerminalStatus): string | null => terminalRules[status].reason ?? null;

/** What of a terminal says how far it is. */
export interface Standing {
  readonly device_id: string | null;
  /** The journal of its first hello. */
  readonly journal_id: string | null;
  readonly check_update_asked_at: string | null;
}

export function readinessOf({ device_id, journal_id, check_update_asked_at }: Standing): Readiness {
  if (device_id === null) return "unpaired";
  return journal_id !== null && check_update_asked_at !== null ? "ready" : "paired";
}
