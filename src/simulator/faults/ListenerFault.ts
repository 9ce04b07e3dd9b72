/** Something wrong before any request is read, so it can choose no request. */
export type ListenerFault =
  /** `undefined`: until the scenario is deleted. */
  | { readonly name: string; readonly kind: "refuse"; readonly forMs: number | undefined }
  | {
      readonly name: string
      readonly kind: "certificate"
      readonly certificate: "selfSigned" | "expired" | "wrongHost"
    }

const certificates = { TLS_BAD_CERT: "selfSigned", TLS_EXPIRED: "expired", TLS_WRONG_HOST: "wrongHost" } as const

/**
 * `CONN_REFUSED` closes the listener until the scenario is deleted, `CONN_REFUSED_<ms>` for that long: nobody can count
 * connections that the kernel refuses. The `TLS_` effects show `times` connections another certificate.
 */
export const findListenerFault = (name: string): ListenerFault | undefined => {
  switch (name) {
    case "TLS_BAD_CERT":
    case "TLS_EXPIRED":
    case "TLS_WRONG_HOST":
      return { name, kind: "certificate", certificate: certificates[name] }
    case "CONN_REFUSED":
      return { name, kind: "refuse", forMs: undefined }
    default: {
      const digits = /^CONN_REFUSED_(\d{1,9})$/.exec(name)?.[1]
      return digits === undefined ? undefined : { name, kind: "refuse", forMs: Number(digits) }
    }
  }
}
