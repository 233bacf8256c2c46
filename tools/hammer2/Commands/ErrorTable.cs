// SPDX-License-Identifier: BSD-3-Clause
using System.Text.Json;
using Hammer2.Tool.Output;

namespace Hammer2.Tool.Commands;

/// <summary>Prints the error counters of volumes.</summary>
internal static class ErrorTable
{
    /// <summary>Prints what a request answered.</summary>
    /// <param name="report">Receives the table.</param>
    /// <param name="errors">An array with an object for each volume.</param>
    public static void Write(Report report, JsonElement errors)
    {
        report.BeginTable("deviceErrors", new Column("node", "NODE"), new Column("volume", "VOLUME"),
            new Column("reads", "READ"), new Column("writes", "WRITE"), new Column("flushes", "FLUSH"),
            new Column("checks", "CHECK"), new Column("healed", "HEALED"), new Column("device", "DEVICE"));
        foreach (JsonElement volume in errors.EnumerateArray())
        {
            report.Row(Number(volume, "node"), Number(volume, "volume"), Number(volume, "reads"),
                Number(volume, "writes"), Number(volume, "flushes"), Number(volume, "checks"),
                Number(volume, "healed"), Cell.Text(volume.GetProperty("name").GetString()!));
        }
        report.EndTable();
    }

    private static Cell Number(JsonElement volume, string name) => Cell.Number(volume.GetProperty(name).GetUInt64());
}
