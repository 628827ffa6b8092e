/** Binds every operation of the contract to its handler. */
import type { Call, Handler, Operation } from "../contract/operation.ts";
import { type Operations, operations } from "../contract/operations.ts";
import type { SimulatedDevices } from "../flows/simulated-enrolment.ts";
import type { FindPerson } from "../flows/simulated-person.ts";
import type { World } from "../flows/world.ts";
import { listAccountChanges } from "./account-changes.ts";
import { putAccountConfiguration, readAccountConfiguration } from "./account-configuration.ts";
import { createApiKey, deleteApiKey, listApiKeys, rotateApiKey } from "./api-keys.ts";
import type { Doorkeepers } from "./authentication.ts";
import { createApiClient, deleteApiClient, listApiClients, readApiClient, rotateClientSecret } from "./clients.ts";
import type { EventHub } from "./event-hub.ts";
import { streamEvents, streamSessionEvents } from "./events.ts";
import { createClientGrant, deleteClientGrant, listClientGrants } from "./grants.ts";
import { readHealth, readReadiness } from "./health.ts";
import { hookHandlers } from "./hooks.ts";
import { decideIncident, listIncidents, readEvidence } from "./incidents.ts";
import { makePairingCode, pairDevice, revokeDevice } from "./pairing.ts";
import { claimDevice, openPairing, pollPairing } from "./pairing-requests.ts";
import {
  createApproval,
  createPayoutDestination,
  decidePayoutDestination,
  listApprovals,
  listPayoutDestinations,
  readPayoutDestination,
  updatePayoutDestination,
} from "./payout-destinations.ts";
import { createProfile, deleteProfile, listProfiles, putProfile, readProfile } from "./profiles.ts";
import {
  cancelSession,
  createSession,
  createSessionFromProfile,
  listSessions,
  paySession,
  readSession,
  updateSession,
} from "./sessions.ts";
import { generateTestReport, listSettlements, readSettlement, readSettlementItems } from "./settlements.ts";
import { makeSignature, readSignature } from "./signature.ts";
import { orderTrouble, playPerson, readSimulatedTerminal } from "./simulated-terminals.ts";
import { createStore, deleteStore, listStores, readStore, updateStore } from "./stores.ts";
import { listTerminalOperations, readTerminalOperation, startTerminalOperation } from "./terminal-operations.ts";
import {
  activateTerminal,
  changeTerminal,
  deactivateTerminal,
  deleteTerminal,
  listTerminals,
  pairSimulatedTerminal,
  readTerminal,
  registerTerminal,
  syncTerminal,
} from "./terminals.ts";
import type { TokenKeys } from "./token-keys.ts";
import { TokenOffice } from "./tokens.ts";
import {
  captureTransaction,
  listTransactions,
  readTransaction,
  refundTransaction,
  updateTransaction,
  voidTransaction,
} from "./transactions.ts";
import { acceptInvitation, confirmInvitation, UserTokens } from "./user-tokens.ts";
import { changeUser, inviteUser, inviteUserAgain, listUsers, readUser, removeUser } from "./users.ts";

/** What the handlers work with. */
export interface Api {
  readonly world: World;
  readonly keys: TokenKeys;
  readonly findPerson: FindPerson;
  readonly devices: SimulatedDevices;
  readonly isStopping: () => boolean;
}

/** What is behind the door, and who stands at it. */
export interface GuardedApi extends Api, Doorkeepers {
  readonly hub: EventHub;
}

type Handlers = { readonly [Id in keyof Operations]: Handler<Operations[Id]> };

const settling = (world: World) => ({
  listSettlements: listSettlements(world),
  readSettlement: readSettlement(world),
  readSettlementItems: readSettlementItems(world),
  generateTestReport: generateTestReport(world),
});

const devicesOf = (world: World) => ({
  makePairingCode: makePairingCode(world),
  pairDevice: pairDevice(world),
  openPairing: openPairing(world),
  pollPairing: pollPairing(world),
  claimDevice: claimDevice(world),
  revokeDevice: revokeDevice(world),
});

/** What no sale needs. */
const housekeeping = (world: World) => ({
  ...settling(world),
  ...hookHandlers(world),
  startTerminalOperation: startTerminalOperation(world),
  listTerminalOperations: listTerminalOperations(world),
  readTerminalOperation: readTerminalOperation(world),
});

/** How a till without a public address gets the result. */
const following = (world: World, hub: EventHub) => ({
  readSession: readSession(world, hub),
  readTransaction: readTransaction(world, hub),
  streamSessionEvents: streamSessionEvents(world),
  streamEvents: streamEvents(world),
});

/** Who may call, and how they get a token. */
function callers({ world, keys, standings, api_keys }: GuardedApi) {
  const door = { keys, standings, api_keys };
  const users = new UserTokens(world, keys, standings);
  const office = new TokenOffice(world, keys, users);
  return {
    issueToken: (call: Parameters<TokenOffice["issue"]>[0]) => office.issue(call),
    readKeys: async () => ({ keys: [...keys.publicKeys] }),
    createApiClient: createApiClient(world),
    listApiClients: listApiClients(world),
    readApiClient: readApiClient(world),
    deleteApiClient: deleteApiClient(world, door),
    rotateClientSecret: rotateClientSecret(world, door),
    createClientGrant: createClientGrant(world),
    listClientGrants: listClientGrants(world),
    deleteClientGrant: deleteClientGrant(world, door),
    listApiKeys: listApiKeys(world),
    createApiKey: createApiKey(world, door),
    deleteApiKey: deleteApiKey(world, door),
    rotateApiKey: rotateApiKey(world, door),
    inviteUser: inviteUser(world),
    listUsers: listUsers(world),
    readUser: readUser(world),
    changeUser: changeUser(world, standings),
    removeUser: removeUser(world, standings),
    inviteUserAgain: inviteUserAgain(world),
    acceptInvitation: acceptInvitation(world),
    confirmInvitation: confirmInvitation(world, users, standings),
  };
}

/** An operation without a handler, or one whose handler answers something else, does not compile. */
function handlersOf(api: GuardedApi): Handlers {
  const { world, hub, findPerson, devices, isStopping } = api;
  return {
    ...callers(api),
    createSessionFromProfile: createSessionFromProfile(world),
    createSession: createSession(world),
    updateSession: updateSession(world),
    paySession: paySession(world),
    cancelSession: cancelSession(world),
    listTransactions: listTransactions(world),
    updateTransaction: updateTransaction(world),
    refundTransaction: refundTransaction(world),
    captureTransaction: captureTransaction(world),
    voidTransaction: voidTransaction(world),
    ...following(world, hub),
    readEvidence: readEvidence(world),
    listSessions: listSessions(world),
    listIncidents: listIncidents(world),
    listAccountChanges: listAccountChanges(world),
    decideIncident: decideIncident(world),
    createPayoutDestination: createPayoutDestination(world),
    listPayoutDestinations: listPayoutDestinations(world),
    readPayoutDestination: readPayoutDestination(world),
    updatePayoutDestination: updatePayoutDestination(world),
    decidePayoutDestination: decidePayoutDestination(world),
    createApproval: createApproval(world),
    listApprovals: listApprovals(world),
    createStore: createStore(world),
    listStores: listStores(world),
    readStore: readStore(world),
    updateStore: updateStore(world),
    deleteStore: deleteStore(world),
    registerTerminal: registerTerminal(world, devices),
    listTerminals: listTerminals(world),
    readTerminal: readTerminal(world),
    changeTerminal: changeTerminal(world),
    deleteTerminal: deleteTerminal(world),
    syncTerminal: syncTerminal(world),
    deactivateTerminal: deactivateTerminal(world),
    activateTerminal: activateTerminal(world),
    ...housekeeping(world),
    ...devicesOf(world),
    readSimulatedTerminal: readSimulatedTerminal(findPerson),
    pairSimulatedTerminal: pairSimulatedTerminal(world, devices),
    playPerson: playPerson(findPerson),
    orderTrouble: orderTrouble(findPerson),
    listProfiles: listProfiles(world),
    createProfile: createProfile(world),
    readProfile: readProfile(world),
    putProfile: putProfile(world),
    deleteProfile: deleteProfile(world),
    readAccountConfiguration: readAccountConfiguration(world),
    putAccountConfiguration: putAccountConfiguration(world),
    readSignature: readSignature(world),
    makeSignature: makeSignature(world),
    readHealth,
    readReadiness: readReadiness(world.db, isStopping),
  };
}

export interface Route {
  readonly operation: Operation;
  /** In the router's spelling, `:name` for a parameter. */
  readonly url: string;
  readonly handle: (call: Call<Operation>) => Promise<unknown>;
}

const urlOf = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ":$1");

/** Every route, the account-scoped aliases of the checkout operations included (auth section 1). */
export function routesOf(api: GuardedApi): Route[] {
  const handlers = handlersOf(api);
  return Object.values(operations).flatMap((operation: Operation) => {
    const handle = handlers[operation.id as keyof Handlers] as unknown as Route["handle"];
    const url = urlOf(operation.path);
    const route = { operation, url, handle };
    const elsewhere = [operation.also_at ?? []].flat().map((path) => ({ ...route, url: urlOf(path) }));
    if (operation.surface !== "checkout") return [route, ...elsewhere];
    return [route, { ...route, url: url.replace("/v1", "/v1/accounts/:aid/payments") }];
  });
}
