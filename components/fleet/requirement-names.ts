/** The twelve principal requirements in one short word each, for column heads. Our own words. */
export const PRINCIPALS: readonly { id: string; word: string; title: string }[] = [
  { id: "1", word: "Network", title: "Network security controls" },
  { id: "2", word: "Config", title: "Secure configurations" },
  { id: "3", word: "Stored", title: "Stored account data" },
  { id: "4", word: "Transit", title: "Cardholder data in transit" },
  { id: "5", word: "Malware", title: "Malicious software" },
  { id: "6", word: "Software", title: "Secure systems and software" },
  { id: "7", word: "Access", title: "Access by need to know" },
  { id: "8", word: "Identity", title: "Identification and authentication" },
  { id: "9", word: "Physical", title: "Physical access" },
  { id: "10", word: "Logging", title: "Logging and monitoring" },
  { id: "11", word: "Testing", title: "Security testing" },
  { id: "12", word: "Policy", title: "Policies and programs" },
];
