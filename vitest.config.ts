import { defineConfig } from 'vitest/config';

const timeouts = { testTimeout: 60_000, hookTimeout: 120_000 };

export default defineConfig({
  test: {
    projects: [
      { test: { ...timeouts, name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      {
        test: {
          ...timeouts,
          name: 'database',
          include: ['test/{db,conformance}/**/*.test.ts'],
          globalSetup: ['test/harness/globalSetup.ts'],
          setupFiles: ['test/harness/setup.ts'],
        },
      },
    ],
  },
});
