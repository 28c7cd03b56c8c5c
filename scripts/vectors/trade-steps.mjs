import { CREATED, day, KEYS } from './keys.mjs';
import { nobody, Story, termsBy } from './stories.mjs';

export const hour = 60 * 60 * 1000;
export const idr = (amount) => ({ amount, currency: 'IDR' });
export const EXPIRED = CREATED + day + hour;
export const dear = (role) => ({
  fields: { terms: termsBy(role, { shipping: idr(3_000_000), total: idr(20_000_000) }) },
});
export const subject = { fields: { terms: termsBy('seller', { stock: 'subject-to-stock' }) } };

/** Terms that name an arbiter. */
const arbitrated = {
  fields: {
    terms: termsBy('buyer', { arbiter: { trader: KEYS.stranger.publicKey, offer: nobody, fee: idr(500_000) } }),
  },
};
/** When a deadline that runs has passed. */
export const passed = (story) => ({ created: story.state.deadlines[0].at + hour });
export const ONE = { fields: { parts: [{ line: 0, quantity: 1 }] } };
export const HALF = { fields: { refund: idr(9_500_000) } };
export const BACK = { fields: { refund: idr(19_000_000), return: [{ line: 0, quantity: 2 }] } };

/** Steps `[role, kind, options]` one after the other. */
export const tell =
  (...steps) =>
  () => {
    const story = new Story();
    for (const [role, kind, options] of steps) {
      story.step(role, kind, typeof options === 'function' ? options(story) : options);
    }
    return story;
  };

export const OFFER = ['buyer', 'offer'];
export const ACCEPT = ['seller', 'accept'];
export const PAID = ['buyer', 'paid'];
export const SEEN = ['seller', 'payment-seen'];
export const SHIPPED = ['seller', 'shipped'];
export const RECEIVED = ['buyer', 'received'];
export const APPROVED = ['buyer', 'approved'];
export const BOUGHT = [['buyer', 'offer', arbitrated], ACCEPT, ['arbiter', 'consent'], PAID, SEEN, SHIPPED, RECEIVED];
export const DISPUTED = [...BOUGHT, ['buyer', 'dispute']];

/** Steps of which none saw another, after those before them. */
export const crossing =
  (before, ...steps) =>
  () => {
    const story = tell(...before)();
    const seen = story.state;
    for (const [role, kind, options = {}] of steps) story.step(role, kind, { seen, ...options });
    return story;
  };
