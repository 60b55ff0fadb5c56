/**
 * Messages of the profile that are legal and not served yet, with the F39 that they get (domain 2.3): 40 is a final no of the
 * host, so that the terminal neither repeats nor reverses.
 */
export const notServed: Readonly<Record<string, string>> = {
  'qr-sale': '40',
  'qr-void': '40',
  'qr-refund': '40',
  // A download that ends at once: there is nothing to download, and F62 may be left out.
  parameters: '00',
};
