/** The device's own key: ECDSA P-256, by the Web Crypto that Node and browsers share. */
const algorithm = { name: "ECDSA", namedCurve: "P-256" };

export interface DeviceKey {
  readonly private_jwk: JsonWebKey;
  readonly public_jwk: JsonWebKey;
}

export async function makeDeviceKey(): Promise<DeviceKey> {
  const pair = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const private_jwk = await crypto.subtle.exportKey("jwk", pair.privateKey);
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  return { private_jwk, public_jwk: { kty, crv, x, y } as JsonWebKey };
}

export type Sign = (text: string) => Promise<string>;

/** Signs as the protocol's hello wants it: r and s as 64 bytes, base64url. */
export async function signer(private_jwk: JsonWebKey): Promise<Sign> {
  const key = await crypto.subtle.importKey("jwk", private_jwk, algorithm, false, ["sign"]);
  return async (text) => {
    const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key, new TextEncoder().encode(text));
    return new Uint8Array(signature).toBase64({ alphabet: "base64url", omitPadding: true });
  };
}
