/** What each message of each role meets in each of the states of states.ts. Three letters a kind: of buyer, seller and arbiter. */
export const TABLE = {
  kinds:
    'offer counter accept decline withdraw cancel timeout paid payment-seen refunded refund-seen shipped received approved returned return-seen consent remedy remedy-accept remedy-decline dispute dispute-withdrawn statement ruling rating reply',
  rows: {
    'offered by buyer':
      'HHH T+R T+R T+R +TR ++R ++R SRR RSR RSR SRR RSR SRR SRR SRR RSR RRR SSR TTR TTR SSR SSR SSR RRR SSR SSR',
    'offered by seller':
      'HHH +TR +TR +TR T+R ++R ++R SRR RSR RSR SRR RSR SRR SRR SRR RSR RRR SSR TTR TTR SSR SSR SSR RRR SSR SSR',
    'countered by seller':
      'HHH +TR +TR +TR T+R ++R ++R SRR RSR RSR SRR RSR SRR SRR SRR RSR RRR SSR TTR TTR SSR SSR SSR RRR SSR SSR',
    'countered by buyer':
      'HHH T+R T+R T+R +TR ++R ++R SRR RSR RSR SRR RSR SRR SRR SRR RSR RRR SSR TTR TTR SSR SSR SSR RRR SSR SSR',
    unconfirmed:
      'HHH T+R T+R T+R +TR ++R ++R SRR RSR RSR SRR RSR SRR SRR SRR RSR RRR SSR TTR TTR SSR SSR SSR RRR SSR SSR',
    accepted: 'HHH SSR SSR SSR SSR ++R ++R +RR R+R RSR SRR R+R SRR SRR SRR RSR RRR SSR TTR TTR SSR SSR SSR RRR SSR SSR',
    'accepted with an arbiter':
      'HHH SSR SSR SSR SSR ++R ++R +RR R+R RSR SRR R+R SRR SRR SRR RSR RR+ SSR TTR TTR SSR SSR SSS RRS SSR SSR',
    paid: 'HHH SSR SSR SSR SSR ++R ++R SRR R+R RSR SRR R+R SRR SRR SRR RSR RRR ++R TTR TTR ++R SSR SSR RRR SSR SSR',
    'paid short':
      'HHH SSR SSR SSR SSR ++R ++R +RR R+R RSR SRR R+R SRR SRR SRR RSR RRR ++R TTR TTR ++R SSR SSR RRR SSR SSR',
    'paid short, and claimed again':
      'HHH SSR SSR SSR SSR ++R ++R SRR R+R RSR SRR R+R SRR SRR SRR RSR RRR ++R TTR TTR ++R SSR SSR RRR SSR SSR',
    'paid, cancel proposed by buyer':
      'HHH SSR SSR SSR SSR S+R ++R SRR R+R RSR SRR R+R SRR SRR SRR RSR RRR ++R TTR TTR ++R SSR SSR RRR SSR SSR',
    'payment-confirmed':
      'HHH SSR SSR SSR SSR ++R ++R SRR RSR RSR SRR R+R SRR SRR SRR RSR RRR ++R TTR TTR ++R SSR SSR RRR SSR SSR',
    'payment-confirmed, over':
      'HHH SSR SSR SSR SSR ++R ++R SRR RSR R+R +RR R+R SRR SRR SRR RSR RRR ++R TTR TTR ++R SSR SSR RRR SSR SSR',
    'payment-confirmed and late':
      'HHH SSR SSR SSR SSR ++R SSR SRR RSR RSR SRR R+R SRR SRR SRR RSR RRR ++R TTR TTR ++R SSR SSR RRR SSR SSR',
    'partly-shipped':
      'HHH SSR SSR SSR SSR ++R ++R SRR RSR RSR SRR R+R +RR SRR SRR RSR RRR ++R TTR TTR ++R SSR SSR RRR SSR SSR',
    'shipped unpaid':
      'HHH SSR SSR SSR SSR ++R ++R +RR R+R RSR SRR RSR +RR +RR SRR RSR RRR ++R TTR TTR ++R SSR SSR RRR SSR SSR',
    'shipped and claimed':
      'HHH SSR SSR SSR SSR ++R ++R SRR R+R RSR SRR RSR +RR +RR SRR RSR RRR ++R TTR TTR ++R SSR SSR RRR SSR SSR',
    'shipped and seen':
      'HHH SSR SSR SSR SSR ++R ++R SRR RSR RSR SRR RSR +RR +RR SRR RSR RRR ++R TTR TTR ++R SSR SSR RRR SSR SSR',
    'received unpaid':
      'HHH SSR SSR SSR SSR ++R ++R +RR R+R RSR SRR RSR SRR +RR SRR RSR RRR ++R TTR TTR ++R SSR SSR RRR SSR SSR',
    'received and claimed':
      'HHH SSR SSR SSR SSR ++R ++R SRR R+R RSR SRR RSR SRR +RR SRR RSR RRR ++R TTR TTR ++R SSR SSR RRR SSR SSR',
    'received and paid':
      'HHH SSR SSR SSR SSR ++R ++R SRR RSR RSR SRR RSR SRR +RR SRR RSR RRR ++R TTR TTR ++R SSR SSR RRR SSR SSR',
    'received, remedy of the buyer':
      'HHH SSR SSR SSR SSR ++R ++R SRR RSR RSR SRR RSR SRR +RR SRR RSR RRR T+R T+R T+R T+R SSR SSR RRR SSR SSR',
    'received and approved, unpaid':
      'HHH SSR SSR SSR SSR ++R SSR +RR R+R RSR SRR RSR SRR SRR SRR RSR RRR ++R TTR TTR ++R SSR SSR RRR SSR SSR',
    completed:
      'HHH SSR SSR SSR SSR SSR SSR SRR RSR RSR SRR RSR SRR SRR SRR RSR RRR SSR TTR TTR SSR SSR SSR RRR ++R SSR',
    'completed and rated by buyer':
      'HHH SSR SSR SSR SSR SSR SSR SRR RSR RSR SRR RSR SRR SRR SRR RSR RRR SSR TTR TTR SSR SSR SSR RRR S+R S+R',
    'completed by silence':
      'HHH SSR SSR SSR SSR SSR SSR SRR RSR RSR SRR RSR SRR SRR SRR RSR RRR SSR TTR TTR SSR SSR SSR RRR ++R SSR',
    'completed by silence, on the way':
      'HHH SSR SSR SSR SSR SSR SSR SRR RSR RSR SRR RSR SRR SRR SRR RSR RRR SSR TTR TTR SSR SSR SSR RRR ++R SSR',
    declined: 'HHH SSR SSR SSR SSR SSR SSR SRR RSR RSR SRR RSR SRR SRR SRR RSR RRR SSR TTR TTR SSR SSR SSR RRR SSR SSR',
    withdrawn:
      'HHH SSR SSR SSR SSR SSR SSR SRR RSR RSR SRR RSR SRR SRR SRR RSR RRR SSR TTR TTR SSR SSR SSR RRR SSR SSR',
    expired: 'HHH SSR SSR SSR SSR SSR SSR SRR RSR RSR SRR RSR SRR SRR SRR RSR RRR SSR TTR TTR SSR SSR SSR RRR SSR SSR',
    lapsed: 'HHH SSR SSR SSR SSR SSR SSR +RR R+R RSR SRR RSR SRR SRR SRR RSR RRR SSR TTR TTR SSR SSR SSR RRR ++R SSR',
    'cancelled without contract':
      'HHH SSR SSR SSR SSR SSR SSR SRR RSR RSR SRR RSR SRR SRR SRR RSR RRR SSR TTR TTR SSR SSR SSR RRR SSR SSR',
    'cancelled with contract':
      'HHH SSR SSR SSR SSR SSR SSR SRR R+R RSR SRR RSR SRR SRR SRR RSR RRR SSR TTR TTR SSR SSR SSR RRR ++R SSR',
    'refund-due':
      'HHH SSR SSR SSR SSR SSR SSR SRR R+R R+R +RR RSR SRR SRR SRR RSR RRR SSR TTR TTR ++R SSR SSR RRR SSR SSR',
    'refund-due, claimed':
      'HHH SSR SSR SSR SSR SSR ++R SRR R+R RSR +RR RSR SRR SRR SRR RSR RRR SSR TTR TTR ++R SSR SSR RRR SSR SSR',
    'refund-due, lapsed with a part paid':
      'HHH SSR SSR SSR SSR SSR SSR +RR R+R R+R +RR RSR SRR SRR SRR RSR RRR SSR TTR TTR ++R SSR SSR RRR SSR SSR',
    'refund-due, lapsed, and a part of it went back':
      'HHH SSR SSR SSR SSR SSR SSR SRR R+R R+R +RR RSR SRR SRR SRR RSR RRR SSR TTR TTR ++R SSR SSR RRR SSR SSR',
    'paid late after a part':
      'HHH SSR SSR SSR SSR ++R ++R SRR R+R RSR SRR R+R SRR SRR SRR RSR RRR ++R TTR TTR ++R SSR SSR RRR SSR SSR',
    'return-due':
      'HHH SSR SSR SSR SSR SSR SSR SRR R+R RSR SRR RSR +RR SRR +RR R+R RRR SSR TTR TTR ++R SSR SSR RRR SSR SSR',
    'return-due, returned':
      'HHH SSR SSR SSR SSR SSR ++R SRR R+R RSR SRR RSR +RR SRR SRR R+R RRR SSR TTR TTR ++R SSR SSR RRR SSR SSR',
    'refund-due and return-due':
      'HHH SSR SSR SSR SSR SSR SSR SRR RSR R+R +RR RSR SRR SRR +RR R+R RRR SSR TTR TTR ++R SSR SSR RRR SSR SSR',
    'disputed before payment':
      'HHH SSR SSR SSR SSR ++R ++R SRR R+R RSR SRR RSR SRR SRR SRR RSR RRR SSR TTR TTR ++R SSR SSR RRR SSR SSR',
    'disputed by buyer':
      'HHH SSR SSR SSR SSR SSR ++R SRR RSR RSR SRR RSR SRR SRR SRR RSR RRS ++R TTR TTR SSR +SR +++ RR+ SSR SSR',
    'disputed by buyer, remedy of the seller':
      'HHH SSR SSR SSR SSR SSR ++R SRR RSR RSR SRR RSR SRR SRR SRR RSR RRS +TR +TR +TR SSR +SR +++ RR+ SSR SSR',
    'disputed without arbiter':
      'HHH SSR SSR SSR SSR SSR ++R SRR RSR RSR SRR RSR SRR SRR SRR RSR RRR ++R TTR TTR SSR S+R ++R RRR SSR SSR',
    'refund-due by ruling':
      'HHH SSR SSR SSR SSR SSR ++R SRR RSR R+R +RR RSR SRR SRR SRR RSR RRS SSR TTR TTR SSR SSR SSS RRS SSR SSR',
    'partly-shipped by ruling':
      'HHH SSR SSR SSR SSR SSR ++R SRR RSR RSR SRR R+R SRR SRR SRR RSR RRS SSR TTR TTR SSR SSR SSS RRS SSR SSR',
    'completed by ruling':
      'HHH SSR SSR SSR SSR SSR SSR SRR RSR RSR SRR RSR SRR SRR SRR RSR RRS SSR TTR TTR SSR SSR SSS RRS ++R SSR',
    'received after a withdrawn dispute':
      'HHH SSR SSR SSR SSR ++R ++R SRR RSR RSR SRR RSR SRR +RR SRR RSR RRS ++R TTR TTR ++R SSR SSS RRS SSR SSR',
    'disputed, and the arbiter did not consent':
      'HHH SSR SSR SSR SSR SSR ++R SRR R+R RSR SRR R+R SRR SRR SRR RSR RR+ ++R TTR TTR SSR +SR ++S RRS SSR SSR',
    'disputed and frozen after payment':
      'HHH SSR SSR SSR SSR ++R ++R SRR R+R RSR SRR RSR SRR SRR SRR RSR RRR SSR TTR TTR ++R SSR SSR RRR SSR SSR',
    'unresolved before delivery':
      'HHH SSR SSR SSR SSR SSR SSR SRR R+R RSR SRR RSR SRR SRR SRR RSR RRR SSR TTR TTR SSR SSR SSR RRR ++R SSR',
    unresolved:
      'HHH SSR SSR SSR SSR SSR SSR SRR RSR RSR SRR RSR SRR SRR SRR RSR RRS SSR TTR TTR SSR SSR SSS RRS ++R SSR',
  },
} as const;
