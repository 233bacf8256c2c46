// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Collections.Frozen;
using Hammer2.Fuse.Administration.Requests;
using Hammer2.Vnodes;

namespace Hammer2.Fuse.Administration;

/// <summary>All requests that an administrator can make of a mount, whatever door they come through: the control file
/// or ioctl(2). Every door checks and carries out requests here, so that effects and errors are the same.</summary>
internal sealed class RequestTable
{
    /// <summary>The requests of this program.</summary>
    public static readonly RequestTable Standard =
        new([
            .. MediaRequests.Rows, .. PfsRequests.Rows, .. PfsChangeRequests.Rows, .. HoldRequests.Rows,
            .. RollbackRequest.Rows, .. ScheduleRequest.Rows, .. InodeRequests.Rows, .. StatusRequests.Rows,
            .. GrowRequests.Rows, .. RescueRequests.Rows, .. ClusterRequests.Rows, .. ReceiveRequests.Rows,
            .. ScrubRequests.Rows, .. VerifyRequest.Rows,
        ]);

    private readonly FrozenDictionary<string, RequestRow> _rows;

    /// <summary>A table of rows with different names.</summary>
    public RequestTable(IReadOnlyList<RequestRow> rows)
    {
        Rows = rows;
        var byName = new Dictionary<string, RequestRow>(StringComparer.Ordinal);
        foreach (RequestRow row in rows) byName.Add(row.Name, row);
        _rows = byName.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>All rows.</summary>
    public IReadOnlyList<RequestRow> Rows { get; }

    /// <summary>The row of a name; null for an unknown one.</summary>
    public RequestRow? Find(string name) => _rows.GetValueOrDefault(name);

    /// <summary>Why a request cannot be carried out, before anything is done: it is unknown, the caller may not make
    /// it, or an argument is missing.</summary>
    /// <param name="name">The name of the request.</param>
    /// <param name="caller">The user that makes it.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="row">The row, if there is one.</param>
    /// <returns>Null when it may be carried out.</returns>
    public RequestAnswer? Refusal(string name, Caller caller, RequestArguments arguments, out RequestRow? row)
    {
        row = Find(name);
        if (row is null) return RequestAnswer.Refused(name, Errno.EOPNOTSUPP, "there is no such request");
        if (!caller.IsAmong(row.Callers))
            return RequestAnswer.Refused(name, Errno.EPERM, "only root and the user that mounted it may do this");
        return RequestArguments.FaultOf(row.Parameters, arguments) is { } fault
            ? RequestAnswer.Refused(name, Errno.EINVAL, fault)
            : null;
    }

    /// <summary>Carries out a request, or refuses it; returns when it is done.</summary>
    public RequestAnswer Run(string name, RequestContext context, RequestArguments arguments) =>
        Refusal(name, context.Caller, arguments, out RequestRow? row) ?? row!.Run(context, arguments);
}
