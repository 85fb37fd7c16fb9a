"""Tables and graph of a plan."""

from __future__ import annotations

import re

from kops_pulumi.plan import views


def test_tables_are_rectangular_text(kit):
    plan = kit.planned(kit.documents("abc", private=True, bastion=True)).plan
    tables = [*views.summary(plan), *views.network(plan), views.firewall(plan)]
    assert all(len(row) == len(table.columns) for table in tables for row in table.rows)
    assert all(isinstance(cell, str) for table in tables for row in table.rows for cell in row)


def test_firewall_shows_every_rule_with_its_reason(kit):
    plan = kit.planned(kit.documents("a", private=True, bastion=True)).plan
    table = views.firewall(plan)
    assert len(table.rows) == len(plan.rules)
    assert all(row[table.columns.index("reason")] for row in table.rows)
    assert ("load balancer bastion", "bastion", "tcp", "22") in {row[:4] for row in table.rows}


def test_network_shows_subnets_routes_and_gateways(kit):
    subnets, routes, gateways = views.network(kit.planned(kit.documents("a", private=True)).plan)
    assert ("eu-west-1a", "Private", "eu-west-1a", "10.0.32.0/19", "", "private-eu-west-1a") in subnets.rows
    assert ("private-eu-west-1a", "0.0.0.0/0", "nat-gateway eu-west-1a") in routes.rows
    assert gateways.rows == (("eu-west-1a", "eu-west-1a", "utility-eu-west-1a", ""),)


def test_graph_has_every_group_and_only_known_nodes(kit):
    plan = kit.planned(kit.documents("abc", private=True, bastion=True)).plan
    lines = views.mermaid(plan).splitlines()
    assert lines[0] == "flowchart LR"
    edges = [re.fullmatch(r"\s+(\w+) (?:-->|-\.-|---|-- NAT -->) (\w+)", line) for line in lines]
    ends = {end for edge in edges if edge for end in edge.groups()}
    drawn = {match[1] for line in lines if (match := re.match(r"\s+(\w+)[\[({]", line))}
    assert ends <= drawn
    assert len([name for name in drawn if name.startswith("group_")]) == len(plan.groups)
