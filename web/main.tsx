import { render } from 'preact';
import { App } from './shell/app.js';

render(<App />, document.body);

// After the page itself has what it needs: the worker fetches its files, for when the node does not answer.
if ('serviceWorker' in navigator) {
  addEventListener('load', () => void navigator.serviceWorker.register('/worker.js').catch(() => undefined));
}
