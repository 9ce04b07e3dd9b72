/** The part of `pg` used here; the package brings no types. */
declare module "pg" {
  export interface ConnectionConfig {
    readonly host: string
    readonly port: number
    readonly user: string
    readonly database: string
    readonly application_name?: string
  }
  export interface NamedQuery {
    readonly name?: string
    readonly text: string
    readonly values?: ReadonlyArray<unknown>
  }
  export interface Rows {
    readonly rows: ReadonlyArray<Record<string, unknown>>
  }
  export class Pool {
    constructor(
      config: ConnectionConfig & {
        readonly max: number
        readonly idleTimeoutMillis?: number
        readonly options?: string
      }
    )
    query(query: NamedQuery | string): Promise<Rows>
    on(event: "error", listener: (error: Error) => void): this
    end(): Promise<void>
  }
  export class Client {
    constructor(config: ConnectionConfig)
    connect(): Promise<void>
    query(query: NamedQuery | string): Promise<Rows>
    on(event: "error", listener: (error: Error) => void): this
    end(): Promise<void>
  }
}
