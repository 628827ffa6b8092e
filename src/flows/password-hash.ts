/**
 * Passwords are kept as scrypt with a salt of their own; the cost stands beside the hash, so that it can be raised later.
 * docs/decisions tells where the numbers come from.
 */
import { scrypt, timingSafeEqual } from "node:crypto";
import type { RandomBytes } from "../domain/environment.ts";
import { normalPassword } from "../domain/user.ts";

interface Cost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** OWASP's password storage cheat sheet: 32 MiB, thrice. */
const cost: Cost = { N: 32_768, r: 8, p: 3 };
const salt_bytes = 16;
const hash_bytes = 32;

const written = ({ N, r, p }: Cost, salt: Uint8Array, hash: Uint8Array): string =>
  ["scrypt", N, r, p, base64(salt), base64(hash)].join("$");

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

/** Nobody's password: what is tried for a user who is not there takes as long as a wrong one. */
const nobodys = written(cost, new Uint8Array(salt_bytes), new Uint8Array(hash_bytes));

export async function hashPassword(password: string, random: RandomBytes): Promise<string> {
  const salt = random(salt_bytes);
  return written(cost, salt, await hashOf(password, salt, cost));
}

/** Compares in constant time. `undefined` is the hash of a user who is not there, and is never right. */
export async function isPassword(password: string, kept: string | undefined): Promise<boolean> {
  const [, N, r, p, salt = "", hash = ""] = (kept ?? nobodys).split("$");
  const shown = await hashOf(password, Buffer.from(salt, "base64"), { N: Number(N), r: Number(r), p: Number(p) });
  return timingSafeEqual(shown, Buffer.from(hash, "base64")) && kept !== undefined;
}

/** At once in a process. Node does these where it looks up names and reads files too, and those are not to wait. */
const lanes: Promise<unknown>[] = [Promise.resolve(), Promise.resolve()];
let next = 0;

function hashOf(password: string, salt: Uint8Array, asked: Cost): Promise<Buffer> {
  const lane = next++ % lanes.length;
  const hashing = (lanes[lane] ?? Promise.resolve()).then(() => compute(normalPassword(password), salt, asked));
  lanes[lane] = hashing.catch(() => {});
  return hashing;
}

function compute(password: string, salt: Uint8Array, { N, r, p }: Cost): Promise<Buffer> {
  // Twice what the numbers need: Node counts its own share too.
  const maxmem = 2 * 128 * N * r;
  return new Promise((resolve, reject) => {
    scrypt(password, salt, hash_bytes, { N, r, p, maxmem }, (error, hash) => {
      if (error === null) resolve(hash);
      else reject(error);
    });
  });
}
