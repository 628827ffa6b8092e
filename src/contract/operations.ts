/** Every operation of the API. Adding one is one object in `operations/` and one handler of the same name in `http/`. */

import { listAccountChanges } from "./operations/account-changes.ts";
import {
  createApiClient,
  createClientGrant,
  deleteApiClient,
  deleteClientGrant,
  listApiClients,
  listClientGrants,
  readApiClient,
  rotateClientSecret,
} from "./operations/clients.ts";
import { readHealth, readReadiness } from "./operations/health.ts";
import { decideIncident, listIncidents, readEvidence } from "./operations/incidents.ts";
import {
  createApproval,
  createPayoutDestination,
  decidePayoutDestination,
  listApprovals,
  listPayoutDestinations,
  readPayoutDestination,
  updatePayoutDestination,
} from "./operations/payout-destinations.ts";
import {
  cancelSession,
  createSession,
  createSessionFromProfile,
  listSessions,
  paySession,
  readSession,
  updateSession,
} from "./operations/sessions.ts";
import { createStore, deleteStore, listStores, readStore, updateStore } from "./operations/stores.ts";
import { orderTrouble, playPerson, readSimulatedTerminal, readTerminal } from "./operations/terminals.ts";
import { issueToken, readKeys } from "./operations/tokens.ts";
import {
  captureTransaction,
  listTransactions,
  readTransaction,
  refundTransaction,
  updateTransaction,
  voidTransaction,
} from "./operations/transactions.ts";

export const operations = {
  issueToken,
  readKeys,
  createApiClient,
  listApiClients,
  readApiClient,
  deleteApiClient,
  rotateClientSecret,
  createClientGrant,
  listClientGrants,
  deleteClientGrant,
  createSessionFromProfile,
  createSession,
  updateSession,
  paySession,
  readSession,
  cancelSession,
  readTransaction,
  listTransactions,
  updateTransaction,
  refundTransaction,
  captureTransaction,
  voidTransaction,
  readEvidence,
  listSessions,
  listIncidents,
  decideIncident,
  listAccountChanges,
  createPayoutDestination,
  listPayoutDestinations,
  readPayoutDestination,
  updatePayoutDestination,
  decidePayoutDestination,
  createApproval,
  listApprovals,
  createStore,
  listStores,
  readStore,
  updateStore,
  deleteStore,
  readTerminal,
  readSimulatedTerminal,
  playPerson,
  orderTrouble,
  readHealth,
  readReadiness,
};
export type Operations = typeof operations;
