/** The users of an account, and how they get in (additive). */
import Type from "typebox";
import { roles } from "../domain/role.ts";
import { emailMax, passwordMax, passwordMin, userNameMax } from "../domain/user.ts";
import { dateTime, entityMembers, list, open, requiredText, text } from "./shapes.ts";

const emailAddress = Type.String({
  format: "email",
  minLength: 1,
  maxLength: emailMax,
  description: "What the user signs in by. An account has one user of an address; capitals make no difference",
});
const name = Type.String({ minLength: 1, maxLength: userNameMax, description: "For people" });
const role = Type.Enum([...roles], {
  description:
    "owner: everything, users and clients too; manager: sets the shop up, sells and refunds; cashier: sells, refunds, " +
    "and reads terminals; read_only: reads",
});

/** Closed: what is not known here could be a password, and would be kept. */
export const NewUser = Type.Object(
  { email: emailAddress, name: Type.Optional(name), role },
  { additionalProperties: false },
);

export const UserChange = Type.Object(
  { name: Type.Optional(name), role: Type.Optional(role) },
  { additionalProperties: false },
);

const userMembers = {
  id: text("Stands in `created_by`, `updated_by` and `changed_by` for what the user did"),
  email: text(),
  name: Type.Optional(text()),
  role,
  status: Type.Enum(["INVITED", "ACTIVE"], { description: "ACTIVE once an invitation has been accepted" }),
  ...entityMembers,
};

export const User = open(userMembers);

export const InvitedUser = open({
  ...userMembers,
  invitation: open({
    link: text("For the invited alone. Shown in this answer and nowhere again"),
    token: text("What the link carries"),
    expires_at: dateTime("Seven days from now"),
  }),
});

export const Users = open({ users: list(User), starting_after: Type.Optional(text("Send it for the next page")) });

const token = requiredText("Of the invitation");

export const InvitationAcceptance = Type.Object(
  {
    token,
    password: Type.String({ description: `${passwordMin} to ${passwordMax} characters, any of them` }),
  },
  { additionalProperties: false },
);

export const InvitationAccepted = open({
  account_id: text(),
  account_name: text(),
  user_id: text(),
  email: text(),
  otpauth_uri: text("For the authenticator. Shown in this answer and nowhere again"),
});

export const otp = text("The six digits that the authenticator shows");

export const InvitationConfirmation = Type.Object({ token, otp }, { additionalProperties: false });
