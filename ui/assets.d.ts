/** What Vite makes of files that are no code. */
declare module '*.css';
declare module '@fontsource-variable/jetbrains-mono';
