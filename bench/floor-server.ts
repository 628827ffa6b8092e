/**
 * The floor: the least that a durable create over HTTP can be. node:http, JSON.parse, and one INSERT of the same bytes
 * through the same driver and as many connections, fsync on.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import pg from "pg";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: Number(process.env.BENCH_CONNECTIONS) });
pool.on("error", () => {});
await pool.query("CREATE TABLE IF NOT EXISTS floor (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body jsonb)");

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", async () => {
    const text = Buffer.concat(chunks).toString("utf8");
    JSON.parse(text);
    const { rows } = await pool.query({
      name: "floor",
      text: "INSERT INTO floor (body) VALUES ($1) RETURNING id",
      values: [text],
    });
    const body = JSON.stringify({ id: rows[0].id });
    response.writeHead(200, { "content-type": "application/json", "content-length": body.length }).end(body);
  });
});
server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on("disconnect", () => process.exit(0));
