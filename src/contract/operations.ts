/** Every operation of the API. Adding one is one object in `operations/` and one handler of the same name in `http/`. */

import { listAccountChanges } from "./operations/account-changes.ts";
import { putAccountConfiguration, readAccountConfiguration } from "./operations/account-configuration.ts";
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
import { makePairingCode, pairDevice, revokeDevice } from "./operations/pairing.ts";
import {
  createApproval,
  createPayoutDestination,
  decidePayoutDestination,
  listApprovals,
  listPayoutDestinations,
  readPayoutDestination,
  updatePayoutDestination,
} from "./operations/payout-destinations.ts";
import { createProfile, deleteProfile, listProfiles, putProfile, readProfile } from "./operations/profiles.ts";
import {
  cancelSession,
  createSession,
  createSessionFromProfile,
  listSessions,
  paySession,
  readSession,
  updateSession,
} from "./operations/sessions.ts";
import { makeSignature, readSignature } from "./operations/signature.ts";
import { createStore, deleteStore, listStores, readStore, updateStore } from "./operations/stores.ts";
import {
  listTerminalOperations,
  readTerminalOperation,
  startTerminalOperation,
} from "./operations/terminal-operations.ts";
import {
  activateTerminal,
  changeTerminal,
  deactivateTerminal,
  deleteTerminal,
  listTerminals,
  orderTrouble,
  playPerson,
  readSimulatedTerminal,
  readTerminal,
  registerTerminal,
  syncTerminal,
} from "./operations/terminals.ts";
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
  registerTerminal,
  listTerminals,
  readTerminal,
  changeTerminal,
  deleteTerminal,
  syncTerminal,
  deactivateTerminal,
  activateTerminal,
  startTerminalOperation,
  listTerminalOperations,
  readTerminalOperation,
  makePairingCode,
  pairDevice,
  revokeDevice,
  readSimulatedTerminal,
  playPerson,
  orderTrouble,
  listProfiles,
  createProfile,
  readProfile,
  putProfile,
  deleteProfile,
  readAccountConfiguration,
  putAccountConfiguration,
  readSignature,
  makeSignature,
  readHealth,
  readReadiness,
};
export type Operations = typeof operations;
