// SPDX-License-Identifier: BSD-3-Clause
using System.Text;
using Hammer2.Membership;
using Microsoft.Extensions.Logging;

namespace Hammer2.Cluster;

/// <summary>Logs and describes which nodes a mounted PFS has, and what each may be used for.</summary>
internal readonly struct MembershipReport
{
    private readonly string _label;
    private readonly Pfs _pfs;

    public MembershipReport(string label, Pfs pfs)
    {
        _label = label;
        _pfs = pfs;
    }

    /// <summary>Logs each node, and why the PFS cannot be written if so.</summary>
    public void Log(ILogger logger)
    {
        foreach (NodeMember node in _pfs.View.Members)
        {
            if (node.State != NodeState.Synced)
                MountLog.NodeNotUsed(logger, _label, node.Name, node.State, node.Reason);
            else if (node.Facts.IsUncertain) MountLog.NodeInDoubt(logger, _label, node.Name, node.Reason);
            else MountLog.NodeUsed(logger, _label, node.Name, _pfs.Membership.CommitTid);
        }
        if (_pfs.Membership.MastersPresent < _pfs.Membership.MastersTotal)
        {
            MountLog.MastersAbsent(logger, _label, _pfs.Membership.MastersPresent, _pfs.Membership.MastersTotal,
                _pfs.Membership.Quorum);
        }
        if (MembershipText.Describe(_pfs.Membership) is { } obstacle)
            MountLog.CannotBeWritten(logger, _label, obstacle);
    }

    /// <summary>Why the PFS cannot be written; only when it cannot.</summary>
    public string DescribeObstacle() => MembershipText.Describe(_pfs.Membership) ?? "it can be written";

    /// <summary>Each node with its state.</summary>
    public string DescribeNodes()
    {
        var text = new StringBuilder("Nodes:");
        foreach (NodeMember node in _pfs.View.Members)
            _ = text.Append($" {node.Name} {node.State} ({node.Reason});");
        return text.ToString().TrimEnd(';');
    }
}
