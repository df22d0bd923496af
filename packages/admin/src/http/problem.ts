/** Errors as HTTP tells them: `application/problem+json`, RFC 9457. */

export type ProblemStatus = 400 | 401 | 403 | 404 | 409 | 413 | 415 | 421 | 429 | 500 | 503;

const titles: Readonly<Record<ProblemStatus, string>> = {
  400: 'The request is not valid',
  401: 'A token is needed',
  403: 'The token does not allow this',
  404: 'There is no such thing',
  409: 'This is not possible now',
  413: 'The request is too large',
  415: 'The body is not JSON',
  421: 'The request is for another host',
  429: 'Too many requests',
  500: 'The server has a fault',
  503: 'The server cannot do this now',
};

/** Thrown by a route; becomes the answer. */
export class Problem extends Error {
  readonly status: ProblemStatus;

  /** @param detail what, which value, what was expected */
  constructor(status: ProblemStatus, detail: string) {
    super(detail);
    this.name = 'Problem';
    this.status = status;
  }

  response(): Response {
    const { status, message } = this;
    const body = { type: 'about:blank', title: titles[status], status, detail: message };
    const headers = {
      'content-type': 'application/problem+json',
      ...(status === 401 && { 'www-authenticate': 'Bearer' }),
      ...(status === 429 && { 'retry-after': '1' }),
    };
    return new Response(JSON.stringify(body), { status, headers });
  }
}
