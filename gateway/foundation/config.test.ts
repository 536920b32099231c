/** This file tests what is read from the environment, and what is said of a setting that can't be used. */
import { describe, expect, test } from '@jest/globals';
import { ConfigError, readConfig } from './config.ts';

describe('the configuration', () => {
  test('needs nothing: SQLite in a folder, and every gateway for itself', () => {
    expect(readConfig({})).toMatchObject({ port: 3457, host: '127.0.0.1', databaseUrl: null, redisUrl: null, configFile: null, logLevel: 'info' });
    expect(readConfig({ INTERLINE_DATABASE_URL: '', INTERLINE_REDIS_URL: '' })).toMatchObject({ databaseUrl: null, redisUrl: null });
  });

  test.each([
    ['INTERLINE_DATABASE_URL', 'postgres://user:secret@db.example:5432/interline?sslmode=require', 'databaseUrl'],
    ['INTERLINE_DATABASE_URL', 'postgresql://db.example/interline', 'databaseUrl'],
    ['INTERLINE_REDIS_URL', 'redis://127.0.0.1:6379/1', 'redisUrl'],
    ['INTERLINE_REDIS_URL', 'rediss://user:secret@cache.example', 'redisUrl'],
  ])('takes %s=%s', (name, url, field) => {
    expect(readConfig({ [name]: url })).toMatchObject({ [field]: url });
  });

  test.each([
    ['INTERLINE_DATABASE_URL', 'mysql://user:hunter2@db.example/interline'],
    ['INTERLINE_DATABASE_URL', 'hunter2'],
    ['INTERLINE_REDIS_URL', 'http://user:hunter2@cache.example'],
  ])('refuses %s=%s by name, without repeating what may hold a password', (name, url) => {
    expect(() => readConfig({ [name]: url })).toThrow(ConfigError);
    expect(() => readConfig({ [name]: url })).toThrow(new RegExp(`^${name} must be an address such as (postgres|redis)://`));
    expect(() => readConfig({ [name]: url })).not.toThrow(/hunter2/);
  });

  test('takes a folder or S3 for media, and nothing else', () => {
    expect(readConfig({ INTERLINE_MEDIA: '' }).media).toBeNull();
    expect(readConfig({ INTERLINE_MEDIA: '/srv/media' }).media).toBe('/srv/media');
    expect(readConfig({ INTERLINE_MEDIA: 's3://my-bucket/a?region=x' }).media).toBe('s3://my-bucket/a?region=x');
    expect(() => readConfig({ INTERLINE_MEDIA: 'https://user:hunter2@bucket' })).toThrow(/^INTERLINE_MEDIA must be a folder, or s3:/);
  });
});
