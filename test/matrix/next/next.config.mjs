/** `MATRIX_EXTERNAL`: packages that Next.js does not compile. */
export default {
  distDir: process.env.MATRIX_DIST,
  serverExternalPackages: JSON.parse(process.env.MATRIX_EXTERNAL),
};
