package main

import (
	"os"
	"slices"

	"ipw/lib/cli"
	"ipw/lib/tool/mcp"
)

// readServers finds the MCP servers that the flags name.
func (f *flags) readServers() ([]mcp.Server, error) {
	var servers []mcp.Server
	for _, file := range f.MCPConfig {
		more, err := mcp.ReadConfig(file, os.LookupEnv)
		if err != nil {
			return nil, cli.Usagef("--mcp-config: %w", err)
		}
		servers = append(servers, more...)
	}
	for _, text := range f.MCP {
		s, err := mcp.Parse(text)
		if err != nil {
			return nil, err
		}
		servers = append(servers, s)
	}
	servers = slices.DeleteFunc(servers, func(s mcp.Server) bool { return s.Disabled })
	return servers, mcp.Unique(servers)
}

// startServers starts them and adds their tools to the run's. Stop ends them.
func (p *plan) startServers(c *cli.Context, say func(string)) (stop func(), err error) {
	set, err := mcp.Open(c, p.servers, mcp.Options{Version: cli.Version, Timeout: p.MCPTimeout, MaxResult: p.MaxResult, Say: say})
	if err != nil {
		if c.Err() != nil {
			err = c.Err()
		}
		return nil, err
	}
	for _, t := range set.Tools() {
		p.mcpTools = append(p.mcpTools, t.Name())
	}
	p.tools = slices.Concat(p.tools, set.Tools())
	return func() {
		if err := set.Close(); err != nil {
			c.Error(err)
		}
	}, nil
}

// serverNames is how the header names the servers: their commands may hold
// secrets.
func (p *plan) serverNames() []string {
	var names []string
	for _, s := range p.servers {
		names = append(names, s.Name)
	}
	return names
}

// serverSecrets are what the servers were given and nobody else is to see.
func (p *plan) serverSecrets() []string {
	var secrets []string
	for _, s := range p.servers {
		secrets = append(secrets, s.Secrets...)
	}
	return secrets
}
