import type { ServerResponse } from 'node:http';
import { InputValidationError } from '@pothos/plugin-validation';
import { PothosValidationError } from '@pothos/core';
import { GraphQLError } from 'graphql';
import { AppError } from '#server/errors.ts';
import type { NewId } from '#server/id.ts';
import type { Clock } from '#server/clock.ts';
import type { Logger } from '#server/log.ts';

/** What the outside is told of an error. */
export interface PublicError {
  readonly code: string;
  readonly message: string;
  readonly status: number;
  readonly path?: readonly string[];
  /** Seconds after which a retry makes sense. */
  readonly retryAfter?: number;
  /** Under which an unexpected error is found in the log. */
  readonly id?: string;
}

export interface ErrorDeps {
  readonly log: Logger;
  readonly newId: NewId;
  readonly clock: Clock;
}

/** Why work is given up when whoever asked for it is not there any more. */
export class ClientGone extends Error {
  constructor() {
    super('The client is gone');
    this.name = 'ClientGone';
  }
}

/**
 * Turns any thrown thing into what the outside may know. What is not an AppError is logged, with its cause,
 * under an id.
 */
export type Publish = (error: unknown) => PublicError;

/**
 * Makes the one translation of errors; the REST body and the GraphQL error are both made from what it gives.
 */
export function createPublish({ log, newId, clock }: ErrorDeps): Publish {
  return (error) => {
    if (error instanceof AppError) {
      if (error.status >= 500) log.warn({ err: error, code: error.code }, 'A request failed.');
      return {
        code: error.code,
        message: error.message,
        status: error.status,
        ...(error.inputPath.length === 0 ? {} : { path: error.inputPath }),
        ...(error.retryAfterS === null ? {} : { retryAfter: error.retryAfterS }),
      };
    }
    // Pothos's own words on arguments; they name the argument and nothing of ours.
    if (error instanceof InputValidationError || error instanceof PothosValidationError) {
      return { code: 'BAD_USER_INPUT', message: error.message, status: 400 };
    }
    // Nothing has failed, and nobody hears what it is called.
    if (error instanceof ClientGone) return { code: 'INTERNAL', message: error.message, status: 500 };
    const id = newId(clock());
    log.error({ err: error, id }, 'A request failed unexpectedly.');
    return { code: 'INTERNAL', message: 'Internal error', status: 500, id };
  };
}

/** Body of a REST answer that is an error. */
export function restBody({ code, message, path, id, retryAfter }: PublicError): string {
  return JSON.stringify({ error: { code, message, path, id, retryAfter } });
}

/** Headers that belong to an error: how to authenticate, when to come back. */
export function setErrorHeaders(res: ServerResponse, { status, retryAfter }: PublicError): void {
  if (status === 401) res.setHeader('WWW-Authenticate', 'Bearer');
  if (retryAfter !== undefined) res.setHeader('Retry-After', String(retryAfter));
}

/**
 * What GraphQL tells of an error. GraphQL's own errors (syntax, validation, coercion) pass with a code added;
 * everything that a resolver threw is translated. What a retry can help also sets the HTTP status, 503.
 */
export function toGraphqlError(error: unknown, publish: Publish): GraphQLError {
  const graphql = error instanceof GraphQLError ? error : null;
  const cause = graphql ? rootCause(graphql) : error;
  if (graphql && cause === null) return withCode(graphql);
  const { code, message, status, path, retryAfter, id } = publish(cause);
  const headers = retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) };
  return new GraphQLError(message, {
    ...(graphql?.nodes ? { nodes: graphql.nodes } : {}),
    ...(graphql?.path ? { path: graphql.path } : {}),
    extensions: {
      code,
      ...(path === undefined ? {} : { path }),
      ...(retryAfter === undefined ? {} : { retryAfter }),
      ...(id === undefined ? {} : { id }),
      ...(status === 503 ? { http: { status, headers } } : {}),
    },
  });
}

/** What was thrown inside; `null` where the error is GraphQL's own. */
function rootCause(error: GraphQLError): unknown {
  const { originalError } = error;
  if (originalError === undefined || originalError === null) return null;
  return originalError instanceof GraphQLError ? rootCause(originalError) : originalError;
}

/** Yoga gives codes to most; what is left are syntax errors over WebSockets and the coercion of variables. */
function withCode(error: GraphQLError): GraphQLError {
  if (error.extensions['code'] !== undefined) return error;
  const code = error.message.startsWith('Syntax Error') ? 'GRAPHQL_PARSE_FAILED' : 'BAD_USER_INPUT';
  // The status as the GraphQL-over-HTTP spec says it: 200 for those who accept only application/json.
  Object.assign(error.extensions, { code, http: { spec: true, status: 400 } });
  return error;
}
