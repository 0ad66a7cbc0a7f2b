import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ApiError } from '#ui/graphql/api-error.ts';
import { App } from './app.tsx';
import { listenForKeys } from './commands.ts';
import { applyTheme } from './theme.ts';
import '@fontsource-variable/jetbrains-mono';
import './page.css';

/** The page's entry. */

const RETRIES_MAX = 2;

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // Only what may be better in a moment is asked for again.
      retry: (failures, error) =>
        failures < RETRIES_MAX && error instanceof ApiError && AGAIN.has(error.code),
      refetchOnWindowFocus: false,
      gcTime: 60_000,
    },
    mutations: { retry: false },
  },
});

const AGAIN: ReadonlySet<string> = new Set(['UNREACHABLE', 'STORAGE_UNAVAILABLE', 'SEARCH_BUSY']);

applyTheme();
listenForKeys(new AbortController().signal);
createRoot(document.getElementById('page') ?? document.body).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
);
