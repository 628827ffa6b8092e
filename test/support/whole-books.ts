/** What `tapline audit` finds in a database, in sentences. */
import { emptyReport } from "../../src/domain/audit.ts";
import { auditBooks } from "../../src/storage/audit.ts";
import type { Database } from "../../src/storage/database.ts";

export async function auditFindings(db: Database): Promise<string[]> {
  const report = emptyReport();
  await auditBooks(db, report, () => {});
  return report.sentences;
}
