/**
 * A token on its way to Postgres. It is not an ordinary property, so that nothing that prints or stores a person prints or
 * stores the token.
 */
export class Credential {
  readonly #token: string

  constructor(token: string) {
    this.#token = token
  }

  reveal(): string {
    return this.#token
  }
}
