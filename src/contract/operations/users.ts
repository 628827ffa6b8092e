/** The users of an account: invited, listed, changed, removed; and how an invitation is accepted (additive). */
import Type from "typebox";
import { roles } from "../../domain/role.ts";
import { Token } from "../account.ts";
import { operation } from "../operation.ts";
import { AccountId, requiredText, text } from "../shapes.ts";
import {
  InvitationAcceptance,
  InvitationAccepted,
  InvitationConfirmation,
  InvitedUser,
  NewUser,
  User,
  UserChange,
  Users,
} from "../user.ts";
import { several } from "./parameters.ts";

const owners = ["admin:accounts"] as const;
const path = "/v1/accounts/{aid}/users";
const one = `${path}/{user_id}` as const;
const ofAccount = Type.Object({ aid: AccountId });
const ofUser = Type.Object({ aid: AccountId, user_id: requiredText() });

export const inviteUser = operation({
  id: "inviteUser",
  method: "POST",
  path,
  surface: "accounts",
  summary: "Invite a user; the invitation's link is in the answer and nowhere again (additive)",
  description: "Nothing is sent by mail: hand the link to the person.",
  access: owners,
  params: ofAccount,
  body: NewUser,
  reply: InvitedUser,
  rejections: ["USER_EXISTS"],
});

export const listUsers = operation({
  id: "listUsers",
  method: "GET",
  path,
  surface: "accounts",
  summary: "The account's users, newest first (additive)",
  access: owners,
  params: ofAccount,
  query: Type.Object({
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 10 })),
    starting_after: Type.Optional(text("The `starting_after` of the page before")),
    role: Type.Optional(several(Type.Enum([...roles]), "Any of these")),
    status: Type.Optional(several(Type.Enum(["INVITED", "ACTIVE"]), "Any of these")),
    email: Type.Optional(several(text(), "Any of these; capitals make no difference")),
  }),
  reply: Users,
  rejections: [],
});

export const readUser = operation({
  id: "readUser",
  method: "GET",
  path: one,
  surface: "accounts",
  summary: "Read a user (additive)",
  access: owners,
  params: ofUser,
  reply: User,
  rejections: ["USER_NOT_FOUND"],
});

export const changeUser = operation({
  id: "changeUser",
  method: "PUT",
  path: one,
  surface: "accounts",
  summary: "Change a user's role or name (additive)",
  description:
    "What is left out stays as it is. Another role is true for tokens that are out as well, within a minute.",
  access: owners,
  params: ofUser,
  body: UserChange,
  reply: User,
  rejections: ["USER_NOT_FOUND", "LAST_OWNER"],
});

export const removeUser = operation({
  id: "removeUser",
  method: "DELETE",
  path: one,
  surface: "accounts",
  summary: "Remove a user (additive)",
  description: "They get no token any more, and those they have are refused within a minute.",
  access: owners,
  params: ofUser,
  reply: User,
  rejections: ["USER_NOT_FOUND", "LAST_OWNER"],
});

export const inviteUserAgain = operation({
  id: "inviteUserAgain",
  method: "POST",
  path: `${one}/invitation`,
  surface: "accounts",
  summary:
    "Make a new invitation for a user, who has lost the one before, the password or the authenticator (additive)",
  description:
    "The link before it is void. A password that the user has stays good until this link is accepted; then they are " +
    "signed out everywhere.",
  access: owners,
  params: ofUser,
  reply: InvitedUser,
  rejections: ["USER_NOT_FOUND"],
});

export const acceptInvitation = operation({
  id: "acceptInvitation",
  method: "POST",
  path: "/v1/invitations/accept",
  surface: "server",
  summary: "Accept an invitation: choose a password and get a secret for one-time codes (additive)",
  description:
    "It is accepted when `confirmInvitation` has seen a first right code. Until then this may be repeated, and answers " +
    "another secret each time.",
  access: "anyone",
  body: InvitationAcceptance,
  reply: InvitationAccepted,
  rejections: ["INVITATION_INVALID", "TOO_MANY_ATTEMPTS", "SERVICE_UNAVAILABLE"],
});

export const confirmInvitation = operation({
  id: "confirmInvitation",
  method: "POST",
  path: "/v1/invitations/confirm",
  surface: "server",
  summary: "Show a first one-time code: the invitation is accepted, and the user signed in (additive)",
  access: "anyone",
  body: InvitationConfirmation,
  reply: Token,
  rejections: [
    "INVITATION_INVALID",
    "INVITATION_NOT_ACCEPTED",
    "ONE_TIME_CODE_WRONG",
    "TOO_MANY_ATTEMPTS",
    "TOO_MANY_TRIES",
    "SERVICE_UNAVAILABLE",
  ],
});
