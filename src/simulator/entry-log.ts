/**
 * A durable log of one terminal: appended to, never changed. Where it is kept is the host's matter; an entry counts when
 * `append` has returned.
 */
export interface EntryLog<Entry> {
  load(): Promise<Entry[]>;
  append(entry: Entry): Promise<void>;
  /** Forgets everything, as a device that is wiped does. */
  wipe(): Promise<void>;
}
