/** Stores, as the account management shows them. An order's store is another thing: `shapes.ts`. */
import Type, { type Static } from "typebox";
import { countryCode, merchantCategoryCode } from "./payout-destination.ts";
import { Address, email, entityMembers, list, open, requiredText, text } from "./shapes.ts";

const StoreOrganization = open({
  organization_number: Type.Optional(text()),
  country: Type.Optional(countryCode()),
  type: Type.Optional(text("`main_unit`, …")),
  name: Type.Optional(text()),
  trade_name: Type.Optional(text()),
});

const linkMembers = {
  payout_destination_id: requiredText("The one payout destination that is paid for the store's sales"),
  merchant_category_code: Type.Optional(merchantCategoryCode()),
  status: Type.Optional(text("The payout destination's case_status; yours is not taken")),
  type: Type.Optional(text("The payout destination's; yours is not taken")),
};

/** Any text that can stand in an address's path: clients in the field make it out of host names. */
const storeId = () =>
  Type.Optional(
    Type.String({
      maxLength: 255,
      pattern: "^(?!\\.{1,2}$)[^\\s/?#%]+$",
      description: "Yours to choose, and `order.store.id` of your sales; generated where it is left out",
    }),
  );

const storeMembers = {
  store_name: Type.Optional(text()),
  organization: Type.Optional(StoreOrganization),
  address: Type.Optional(Address),
  coordinates: Type.Optional(
    open({
      latitude: Type.Optional(Type.Number({ minimum: -90, maximum: 90 })),
      longitude: Type.Optional(Type.Number({ minimum: -180, maximum: 180 })),
    }),
  ),
  phone_number: Type.Optional(text("E.123 with a leading +")),
  email: Type.Optional(email()),
  website: Type.Optional(text()),
};

export const CreateStore = open({
  store_id: storeId(),
  payout_destination: Type.Optional(open(linkMembers)),
  ...storeMembers,
});
export type CreateStore = Static<typeof CreateStore>;

export const UpdateStore = open(
  {
    store_id: Type.Optional(text("Cannot be changed")),
    payout_destination: Type.Optional(open(linkMembers)),
    ...storeMembers,
  },
  "What is left out stays as it is",
);
export type UpdateStore = Static<typeof UpdateStore>;

const OperatorPayoutDestination = open({
  payout_destination_id: text(),
  status: text("Its case_status"),
  type: Type.Optional(text()),
  organization_number: Type.Optional(text()),
  name: Type.Optional(text()),
  trade_name: Type.Optional(text()),
  merchant_category_code: Type.Optional(text()),
});

export const AccountStore = open({
  store_id: text(),
  id: text("{aid}-{4 digits}, generated"),
  status: Type.Enum(["ACTIVE", "DELETED"]),
  verified: Type.Boolean({ description: "Is it linked to a payout destination that is ACTIVE" }),
  payout_destination: Type.Optional(open(linkMembers)),
  ...storeMembers,
  number_of_terminals: Type.Integer(),
  operator_payout_destinations: list(OperatorPayoutDestination),
  terminals: list(open({ terminal_id: text(), device_serial_number: text(), status: text() })),
  ...entityMembers,
});
export type AccountStore = Static<typeof AccountStore>;

export const AccountStores = open({
  stores: list(AccountStore),
  starting_after: Type.Optional(text("Send it back for the next page; left out on the last one")),
});
