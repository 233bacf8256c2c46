// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Text.Json;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Mounts;
using Hammer2.Tool.Output;

namespace Hammer2.Tool.Commands;

/// <summary>Compares the nodes of a mount, and prints what differs.</summary>
internal static class NodeComparisonText
{
    /// <summary>Does it.</summary>
    /// <param name="invocation">The command.</param>
    /// <param name="targets">Directories in mounts.</param>
    /// <returns>The exit code.</returns>
    public static int Run(Invocation invocation, IReadOnlyList<string> targets)
    {
        using Report report = invocation.OpenReport();
        int code = ExitCode.Ok;
        report.BeginList("mounts");
        foreach (string target in targets)
        {
            JsonElement answer = ControlFile.Request(target, "verify");
            ulong total = Number(answer, "differencesTotal");
            if (total > 0) code = ExitCode.Damage;
            report.BeginEntry(target + (total == 0 ? ": the nodes are equal" : ": the nodes DIFFER"));
            report.Detail("mount", Cell.Text(target));
            report.Value("nodes", "nodes", Cell.Number(Number(answer, "nodes")));
            report.Value("inodes", "inodes compared", Cell.Number(Number(answer, "inodes")));
            report.Value("dataBytes", "data read", Cell.Bytes(Number(answer, "dataBytes")));
            report.Value("differencesTotal", "differences", Cell.Number(total));
            report.BeginTable("differences", new Column("first", "NODE"), new Column("second", "NODE"),
                new Column("kind", "DIFFERENCE"), new Column("key", "KEY"), new Column("path", "PATH"));
            foreach (JsonElement one in answer.GetProperty("differences").EnumerateArray())
            {
                report.Row(Cell.Number(Number(one, "first")), Cell.Number(Number(one, "second")),
                    Cell.Text(one.GetProperty("kind").GetString()), Cell.Hex(Number(one, "key")),
                    Cell.Text(one.GetProperty("path").GetString()));
            }
            report.EndTable();
            report.EndEntry();
        }
        report.EndList();
        return code;
    }

    private static ulong Number(JsonElement of, string name) => of.GetProperty(name).GetUInt64();
}
