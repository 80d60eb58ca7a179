/** The current value of one of the Collector's own metrics, summed over series with these labels, such as `exporter="debug"`. */
export async function collectorMetric(url: string, name: string, labels: readonly string[] = []): Promise<number> {
  const lines = (await (await fetch(url)).text()).split('\n');
  return lines
    .filter((line) => /^\w+/.exec(line)?.[0] === name && labels.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}
