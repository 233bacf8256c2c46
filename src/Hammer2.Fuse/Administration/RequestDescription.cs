// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;

namespace Hammer2.Fuse.Administration;

/// <summary>A request that a mount takes, for manual pages.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Summary">What it does, in one line without a full stop.</param>
/// <param name="Parameters">What it may be given.</param>
/// <param name="ResultFields">Names of the fields of its result, as in JSON.</param>
/// <param name="IsLong">True when the control file runs it in the background.</param>
/// <param name="IsForAnyone">True when not only root and the owner of the mount may make it.</param>
public sealed record RequestDescription(
    string Name, string Summary, IReadOnlyList<ParameterDescription> Parameters, IReadOnlyList<string> ResultFields,
    bool IsLong, bool IsForAnyone)
{
    /// <summary>The longest request in bytes.</summary>
    public const int BytesMax = ControlRequestText.BytesMax;

    /// <summary>All requests, in the order of the table.</summary>
    public static IReadOnlyList<RequestDescription> All { get; } = [.. RequestTable.Standard.Rows.Select(Of)];

    private static RequestDescription Of(RequestRow row) => new(
        row.Name, row.Summary,
        [.. row.Parameters.Select(static parameter => new ParameterDescription(
            parameter.Name, FormOf(parameter.Type), parameter.Summary, parameter.IsRequired))],
        row.ResultFields, row.IsLong, row.Callers == AllowedCallers.Anyone);

    private static string FormOf(ParameterType type) => type switch
    {
        ParameterType.Label => "LABEL",
        ParameterType.Hold => "HOLD",
        ParameterType.Path => "PATH",
        ParameterType.Device => "DEVICE",
        ParameterType.Number => "NUMBER",
        ParameterType.Uuid => "UUID",
        _ => "yes|no",
    };
}

/// <summary>A parameter of a request.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Form">The form of its value, in capitals.</param>
/// <param name="Summary">What it means, in one line without a full stop.</param>
/// <param name="IsRequired">True when every request needs it.</param>
public sealed record ParameterDescription(string Name, string Form, string Summary, bool IsRequired);
