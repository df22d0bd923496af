/** Hears when a page has been away: the network is back, or its tab is seen again. */

interface Emitter {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

interface Page {
  readonly document?: Emitter & { readonly visibilityState: string };
}

/**
 * Calls `wake` each time; never where there is no page.
 * @returns what ends that
 */
export function onWake(
  wake: () => void,
  page: Page & Partial<Emitter> = globalThis as Page,
): () => void {
  const { document } = page;
  const onVisible = (): void => {
    if (document?.visibilityState === 'visible') wake();
  };
  page.addEventListener?.('online', wake);
  document?.addEventListener('visibilitychange', onVisible);
  return () => {
    page.removeEventListener?.('online', wake);
    document?.removeEventListener('visibilitychange', onVisible);
  };
}
