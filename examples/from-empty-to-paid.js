// From an empty server to a captured payment, by API calls alone. Any Node since 20 runs it:
//
//   npx tapline account create --name "My shop"          prints the account, the client and its secret
//   TAPLINE_URL=http://127.0.0.1:8080 TAPLINE_ACCOUNT_ID=T… TAPLINE_CLIENT_ID=admin TAPLINE_CLIENT_SECRET=… \
//     node examples/from-empty-to-paid.js
const {
  TAPLINE_URL = "http://127.0.0.1:8080",
  TAPLINE_ACCOUNT_ID,
  TAPLINE_CLIENT_ID,
  TAPLINE_CLIENT_SECRET,
} = process.env;
const account = `/v1/accounts/${TAPLINE_ACCOUNT_ID}`;
let authorization = `Basic ${btoa(`${TAPLINE_CLIENT_ID}:${TAPLINE_CLIENT_SECRET}`)}`;

async function call(method, path, body) {
  const json = body === undefined ? {} : { "content-type": "application/json" };
  const headers = { authorization, ...json };
  const answer = await fetch(TAPLINE_URL + path, { method, headers, body: body && JSON.stringify(body) });
  const value = await answer.json();
  if (answer.ok) return value;
  throw new Error(`${method} ${path} answered ${answer.status}: ${value.error?.message}`);
}

// A token for everything that follows.
const audience = `${TAPLINE_URL}${account}`;
const token = await call("POST", `${account}/auth/token`, { grant_type: "client_credentials", audience });
authorization = `Bearer ${token.access_token}`;

// Who is paid. On a test account AUTO_APPROVE decides the seller's case at once.
const seller = await call("POST", `${account}/payout-destinations`, {
  payout_destination_id: "seller-1",
  payout_reference: "Kaffe og Kø",
  description: "AUTO_APPROVE",
  bank_accounts: [{ bank_account_currency: "NOK" }],
});
console.log(`seller ${seller.payout_destination_id} is ${seller.case_status}`);

// In-person payments are switched on by the payment profile, so that a sale need not say how it is paid.
const profile = await call("POST", "/v1/admin/session/profiles", {
  profile_id: "in-person",
  description: "Paid on a terminal",
  configuration: {
    channel: "in_store",
    publish: [{ channel: "terminal", type: "push" }],
    seitatech: {
      type: "payment_type",
      in_person: { type: "payment_product_type", enabled: true, payability: "payable" },
    },
  },
});

// Where it is paid: a store that is linked to the seller,
const store = await call("POST", `${account}/stores`, {
  store_id: "oslo-center",
  store_name: "Oslo Sentrum, Grønland",
  payout_destination: { payout_destination_id: seller.payout_destination_id },
});

// and a terminal that stands in it. This one is simulated: it answers by itself, by the amount.
const terminal = await call("POST", `${account}/terminals`, {
  device_serial_number: `SIMULATED-${TAPLINE_ACCOUNT_ID}-001`,
  store_id: store.store_id,
});
console.log(`terminal ${terminal.terminal_id} in ${store.store_id} is ${terminal.status}`);

// A sale: the terminal prompts at once.
const session = await call("POST", "/v1/sessions-profile", {
  url: { return_url: "https://yourpos.example.com/payment/return" },
  order: {
    amount: 39900,
    currency: "NOK",
    merchant_reference: "order-12345",
    items: [{ id: "sku-coffee-001", line_id: "1", description: "Kaffebønner 1 kg", quantity: 2, amount: 39900 }],
    store: {
      id: store.store_id,
      terminal_id: terminal.terminal_id,
      payout_destination_id: seller.payout_destination_id,
    },
  },
  profile_id: profile.id ?? profile.profile_id,
});
const { transaction_id } = await call("GET", `/v1/sessions/${session.id}`);

// What became of it.
let transaction;
do {
  await new Promise((resolve) => setTimeout(resolve, 200));
  transaction = await call("GET", `/v1/transactions/${transaction_id}`);
} while (transaction.status === "INITIATED");
console.log(`${transaction.status}: ${transaction.amount / 100} ${transaction.currency}, ${transaction.card?.brand}`);
