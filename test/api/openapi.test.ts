/** The OpenAPI document holds together, and says what the operations say. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { namedSchemas, openApiDocument, rejectionsOf } from "../../src/contract/openapi.ts";
import type { Operation } from "../../src/contract/operation.ts";
import { operations } from "../../src/contract/operations.ts";
import { Rejection } from "../../src/domain/rejections.ts";
import { refusalOf, statusOfRejection } from "../../src/http/refusals.ts";

interface OperationObject {
  readonly operationId: string;
  readonly tags: string[];
  readonly security: Record<string, string[]>[];
  readonly parameters?: { name: string; in: string; required: boolean; schema: object }[];
  readonly requestBody?: { content: { "application/json": { schema: object } } };
  readonly responses: Record<string, { description: string; content: { "application/json": { schema: object } } }>;
}

interface Document {
  readonly openapi: string;
  readonly info: { description: string };
  readonly paths: Record<string, Record<string, OperationObject>>;
  readonly components: {
    schemas: Record<string, object>;
    securitySchemes: { token: { flows: { clientCredentials: { scopes: Record<string, string> } } } };
  };
}

const made = openApiDocument({ version: "1.2.3", statusOf: (code) => statusOfRejection[code] });
/** As readers get it: what JSON drops is gone. */
const document = JSON.parse(JSON.stringify(made)) as Document;
const everyOperation = Object.values(operations) as Operation[];

function written({ path, method }: Operation): OperationObject {
  const found = document.paths[path]?.[method.toLowerCase()];
  assert.ok(found, `${method} ${path} is missing`);
  return found;
}

describe("the OpenAPI document", () => {
  test("is of version 3.1 and carries the server's version", () => {
    assert.equal(document.openapi, "3.1.0");
    assert.match(JSON.stringify(document), /"version":"1\.2\.3"/);
  });

  test("has every operation once, under its own path", () => {
    const ids = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
    assert.deepEqual(ids.sort(), everyOperation.map(({ id }) => id).sort());
    for (const operation of everyOperation) assert.equal(written(operation).operationId, operation.id);
  });

  test("leaves the account-scoped aliases out, and tells of them", () => {
    assert.deepEqual(
      Object.keys(document.paths).filter((path) => path.includes("/payments")),
      [],
    );
    assert.match(document.info.description, /\/v1\/accounts\/\{aid\}\/payments/);
  });

  test("refers to nothing that is not there", () => {
    const references = JSON.stringify(document).match(/"#\/[^"]+"/g) ?? [];
    assert.ok(references.length > 100);
    for (const reference of new Set(references)) {
      const steps = (JSON.parse(reference) as string).split("/").slice(1);
      let found: unknown = document;
      for (const step of steps) found = (found as Record<string, unknown>)[step];
      assert.ok(found, `${reference} leads nowhere`);
    }
  });

  test("refers to a schema that has a name wherever it stands", () => {
    const { schemas } = document.components;
    assert.deepEqual(Object.keys(schemas), [...namedSchemas.keys()]);
    assert.equal(new Set(Object.values(schemas).map((schema) => JSON.stringify(schema))).size, namedSchemas.size);
    const list = written(operations.listTransactions).responses[200];
    assert.deepEqual(list?.content["application/json"].schema, {
      type: "array",
      items: { $ref: "#/components/schemas/Transaction" },
    });
    const { properties } = schemas.Order as { properties: Record<string, object> };
    assert.equal((properties.store as { $ref?: string }).$ref, "#/components/schemas/Store");
  });

  test("has a parameter for each name in a path", () => {
    for (const operation of everyOperation) {
      const named = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const given = (written(operation).parameters ?? []).filter((parameter) => parameter.in === "path");
      assert.deepEqual(
        given.map(({ name, required }) => [name, required]),
        named.map((name) => [name, true]),
        operation.id,
      );
    }
  });

  test("lists every code of an operation under its HTTP status", () => {
    for (const operation of everyOperation) {
      for (const code of rejectionsOf(operation)) {
        const status = statusOfRejection[code];
        const { description } = written(operation).responses[status] ?? { description: "" };
        assert.ok(description.includes(`\`${code}\``), `${operation.id} does not list ${code} under ${status}`);
      }
      for (const code of operation.rejections) assert.ok(rejectionsOf(operation).includes(code));
    }
  });

  test("asks for one of an operation's scopes, for a client's secret, or for nothing, and names an API key where it counts", () => {
    const { scopes } = document.components.securitySchemes.token.flows.clientCredentials;
    for (const operation of everyOperation) {
      const { security } = written(operation);
      if (operation.access === "anyone") assert.deepEqual(security, []);
      else if (operation.access === "client") assert.deepEqual(security, [{ client: [] }]);
      else {
        assert.deepEqual(security, [
          ...operation.access.map((scope) => ({ token: [scope] })),
          ...(operation.api_key === true ? [{ api_key: [] }] : []),
        ]);
        for (const scope of operation.access) assert.ok(scopes[scope], `${scope} has no meaning`);
      }
    }
  });

  test("knows the calling system's headers where the contract has them", () => {
    const headersOf = (operation: Operation) =>
      (written(operation).parameters ?? []).filter((parameter) => parameter.in === "header").map(({ name }) => name);
    const system = ["Name", "Version", "Plugin-Name", "Plugin-Version"].map((part) => `Dintero-System-${part}`);
    const created = [...system, "Dintero-Feature-Toggles", "Idempotency-Key"];
    for (const operation of [operations.createSessionFromProfile, operations.createSession]) {
      assert.deepEqual(headersOf(operation), created);
    }
    assert.deepEqual(headersOf(operations.cancelSession), system);
    for (const operation of [operations.refundTransaction, operations.captureTransaction, operations.voidTransaction]) {
      assert.deepEqual(headersOf(operation), [...system, "Idempotency-Key"]);
    }
    assert.deepEqual(headersOf(operations.readSession), []);
  });

  test("holds schemas that a validator takes, and that take what the server answers", () => {
    const validator = new Ajv2020({ strict: false, validateFormats: false });
    validator.addSchema(document, "api");
    const check = (name: string, value: unknown) => {
      const validate = validator.getSchema(`api#/components/schemas/${name}`);
      assert.ok(validate, `${name} does not compile`);
      return validate(value);
    };
    for (const name of namedSchemas.keys()) check(name, {});
    const busy = new Rejection("TERMINAL_BUSY", { terminal_id: "T12345678-T0292", occupant: "a sale" }, "order.store");
    assert.equal(check("ErrorBody", refusalOf(busy).body), true);
    assert.equal(check("ErrorBody", { error: {} }), false);
    assert.equal(check("TransactionStatus", "CAPTURED"), true);
    assert.equal(check("TransactionStatus", "PAID"), false);
    assert.equal(check("Metadata", { ext_till: 7 }), true);
    assert.equal(check("Metadata", { ext_till: [7] }), false);
  });
});
