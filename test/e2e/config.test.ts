import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '#server/config.ts';

const load = (env: Record<string, string>) => loadConfig({ env: { HOME: '/nowhere', ...env } });

describe('settings', () => {
  it('have defaults that need no setting: loopback, SQLite, no token given', () => {
    expect(load({})).toMatchObject({
      host: '127.0.0.1',
      port: 4280,
      tls: null,
      queueName: 'audit-events',
      workerConcurrency: 2,
      logLevel: 'info',
      adminToken: null,
      originPrefix: null,
      databaseUrl: null,
      replicaUrl: null,
      role: 'all',
    });
  });

  it('that are empty count as not set', () => {
    expect(load({ PORT: '', INDELIBLE_ORIGIN: '', DATABASE_URL: '' })).toEqual(load({}));
  });

  it('are read from the environment', () => {
    const env = {
      INDELIBLE_DATA_DIR: 'some/where',
      HOST: '0.0.0.0',
      PORT: '0',
      INDELIBLE_BEHIND_PROXY: 'true',
      AUDIT_QUEUE_NAME: 'q-1',
      WORKER_CONCURRENCY: '64',
      LOG_LEVEL: 'debug',
      INDELIBLE_ADMIN_TOKEN: 'a-token-of-20-chars!',
      INDELIBLE_ORIGIN: 'audit.example.com',
      INDELIBLE_ROLE: 'worker',
      DATABASE_URL: 'postgresql://app:secret@db.example.com/audit',
      DATABASE_REPLICA_URL: 'postgres://app:secret@standby.example.com:5433/audit',
    };
    expect(load(env)).toMatchObject({
      dataDir: resolve('some/where'),
      host: '0.0.0.0',
      port: 0,
      queueName: 'q-1',
      workerConcurrency: 64,
      logLevel: 'debug',
      adminToken: 'a-token-of-20-chars!',
      originPrefix: 'audit.example.com',
      role: 'worker',
      databaseUrl: 'postgresql://app:secret@db.example.com/audit',
      replicaUrl: 'postgres://app:secret@standby.example.com:5433/audit',
    });
  });

  it('never show the password of a URL that is wrong', () => {
    const wrong = { DATABASE_URL: 'mysql://app:hunter2@db/audit', DATABASE_REPLICA_URL: 'hunter2' };
    expect(() => load(wrong)).toThrow(
      /^DATABASE_URL must be postgresql:(?!.*hunter2).*DATABASE_REPLICA_URL must be/,
    );
  });

  it.each([
    [{ PORT: '65536' }, /PORT must be from 0 to 65535/],
    [{ PORT: '80a' }, /PORT must be a whole number/],
    [{ PORT: '-1' }, /PORT must be a whole number/],
    [{ WORKER_CONCURRENCY: '0' }, /WORKER_CONCURRENCY must be from 1 to 64/],
    [{ WORKER_CONCURRENCY: '65' }, /WORKER_CONCURRENCY must be from 1 to 64/],
    [{ LOG_LEVEL: 'loud' }, /LOG_LEVEL/],
    [{ AUDIT_QUEUE_NAME: 'a b' }, /AUDIT_QUEUE_NAME/],
    [{ INDELIBLE_ADMIN_TOKEN: 'a-token-of-19-chars' }, /INDELIBLE_ADMIN_TOKEN must have 20/],
    [{ INDELIBLE_ADMIN_TOKEN: 'a token of twenty-one' }, /visible ASCII/],
    [{ INDELIBLE_ORIGIN: 'a+b' }, /INDELIBLE_ORIGIN/],
    [{ INDELIBLE_ORIGIN: 'a b' }, /INDELIBLE_ORIGIN/],
    [{ INDELIBLE_BEHIND_PROXY: 'yes' }, /INDELIBLE_BEHIND_PROXY/],
    [{ HOST: '0.0.0.0' }, /HOST 0.0.0.0 is not loopback: set INDELIBLE_TLS_CERT/],
    [{ INDELIBLE_TLS_CERT: 'cert.pem' }, /INDELIBLE_TLS_CERT and INDELIBLE_TLS_KEY go together/],
    [{ INDELIBLE_DATADIR: '/tmp' }, /INDELIBLE_DATADIR is not a setting; the nearest is INDELIBLE_DATA_DIR/],
    [{ DATABASE_URL: 'localhost:5432/audit' }, /DATABASE_URL must be postgresql:/],
    [{ DATABASE_REPLICA_URL: 'postgresql://x/y' }, /DATABASE_REPLICA_URL needs DATABASE_URL/],
    [{ INDELIBLE_ROLE: 'boss' }, /INDELIBLE_ROLE must be one of all, api, worker/],
    [{ CONFIG_PATH: 's3://b/k' }, /CONFIG_PATH is set/],
    [{ INDELIBLE_ROLE: 'worker' }, /INDELIBLE_ROLE can only be all with SQLite/],
  ])('%o stop the start with the reason', (env, reason) => {
    expect(() => load(env as Record<string, string>)).toThrow(reason);
  });

  it('that are wrong are all named at once', () => {
    expect(() => load({ PORT: 'x', LOG_LEVEL: 'y' })).toThrow(/PORT .*; LOG_LEVEL /);
  });
});
