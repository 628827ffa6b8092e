/** What the operations' parameters and scopes have in common. */
import Type from "typebox";
import { text } from "../shapes.ts";

export const readCheckout = ["admin:checkout", "read:checkout"] as const;
export const readAccounts = ["admin:accounts", "read:accounts"] as const;
/** Of an account's set-up the terminals alone: what a cashier has to see. */
export const readTerminals = [...readAccounts, "read:checkout:/admin/terminals"] as const;
export const writeAccounts = ["admin:accounts", "write:accounts"] as const;
export const writeCheckout = ["admin:checkout", "write:checkout"] as const;

/** One value or several: `?status=A&status=B` and `?status=A,B` both mean either (errors-and-conventions section 5). */
export const several = <T extends Type.TSchema>(item: T, description: string) => Type.Array(item, { description });

/** How long a read waits for the result (additive). */
export const waitSeconds = {
  wait_s: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 60,
      description:
        "Answer when nothing of the payment is under way any more, or after so many seconds as it stands then (additive)",
    }),
  ),
};

/** `name.gte` and `name.lte`; UTC where no zone is written (errors-and-conventions section 4). */
export const timeRange = <const N extends string>(name: N) =>
  ({
    [`${name}.gte`]: Type.Optional(text("ISO 8601, not before")),
    [`${name}.lte`]: Type.Optional(text("ISO 8601, not after")),
  }) as { [K in `${N}.gte` | `${N}.lte`]: Type.TOptional<Type.TString> };
