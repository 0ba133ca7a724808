/** The configuration that an instance begins with: it forwards nothing yet, and shows what to write. */

/** YAML with comments. What is commented out is valid beside the rest.
 *  @param docker with the driver of Docker's networks. */
export function exampleConfiguration(name: string, docker: boolean): string {
  return `# Portyard, instance ${name}. After a change: systemctl reload portyard-agent@${name}
# Every key: docs/configuration.md of Portyard
name: ${name}
${docker ? DOCKER : ""}
# A network whose containers reach the host and, by its gateway, the world
#networks:
#  - { name: blue, subnet: 10.77.0.0/24, gateway: 10.77.0.1 }

# A port of it: eth0 in the network namespace \`web\` (ip netns add web), with port 80 published as 8080 of the host
#ports:
#  - { name: web, network: blue, tap: { namespace: web, interface: eth0 }, publish: ["8080:80"] }
`;
}

const DOCKER = `
# Serves \`docker network create --driver portyard --ipam-driver portyard NETWORK\`
docker: {}
`;
