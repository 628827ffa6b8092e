/** Which devices are simulated: their serial numbers say so (management section 9). */
import { isTestAccount } from "./ids.ts";
import { Rejection } from "./rejections.ts";

export const simulatedModel = "SIMULATED";

/** However it goes on: what begins so claims to be simulated. */
const claimsToBeSimulated = (serial_number: string): boolean => /^simulated/i.test(serial_number);

/** Is it a simulated terminal that is registered? Throws `Rejection` where the serial number or the model does not fit. */
export function isSimulatedDevice(account_id: string, serial_number: string, model: string | undefined): boolean {
  const device_serial_number = serial_number;
  const is_simulated = claimsToBeSimulated(serial_number);
  if (is_simulated && !isTestAccount(account_id)) throw new Rejection("ACCOUNT_IS_LIVE", {}, "device_serial_number");
  if (is_simulated && !new RegExp(`^SIMULATED-${account_id}-\\d{3}$`).test(serial_number)) {
    throw new Rejection("SIMULATED_SERIAL_WRONG", { device_serial_number }, "device_serial_number");
  }
  if (model !== undefined) checkModel(serial_number, model);
  return is_simulated;
}

/** Throws `Rejection` where a model does not go with the device. */
export function checkModel(device_serial_number: string, device_model: string): void {
  if (claimsToBeSimulated(device_serial_number) === (device_model === simulatedModel)) return;
  throw new Rejection("DEVICE_MODEL_WRONG", { device_serial_number, device_model }, "device_model");
}
