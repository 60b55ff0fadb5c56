const ASK_AGAIN_MS = 250;

/** Our own HTTP API as a person's script would call it. */
export class ApiClient {
  readonly #urlOf: (path: string) => string;
  readonly #token: string;

  /** @param url of the one process that serves everything, or which process serves a path */
  constructor(url: string | ((path: string) => string), token: string) {
    this.#urlOf = typeof url === 'string' ? () => url : url;
    this.#token = token;
  }

  /** The answer's JSON. @throws ApiRefused with the problem's code and text. */
  async get<T>(path: string): Promise<T> {
    try {
      return await this.#call<T>('GET', path, undefined);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      // The process, or connections to it that were kept, have just ended: once their ends are heard of, another one answers.
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
      return this.#call<T>('GET', path, undefined);
    }
  }

  /** Like {@link get}, with a JSON body. */
  async post<T>(path: string, body: unknown): Promise<T> {
    return this.#call<T>('POST', path, body);
  }

  async #call<T>(method: string, path: string, body: unknown): Promise<T> {
    const answer = await fetch(`${this.#urlOf(path)}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new ApiRefused(`${method} ${path}: ${answer.status} ${text.slice(0, 500)}`, answer.status);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }
}

/** The API said no. */
export class ApiRefused extends Error {
  override readonly name = 'ApiRefused';
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}
