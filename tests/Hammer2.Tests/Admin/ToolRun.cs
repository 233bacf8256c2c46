// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using System.Text;
using System.Text.Json;
using Hammer2.Tool;
using Hammer2.Tool.CommandLine;

namespace Hammer2.Tests.Admin;

/// <summary>One run of the program within this process: its output and exit code.</summary>
internal sealed record ToolRun(int ExitCode, byte[] Output, string Error)
{
    /// <summary>Standard output as text.</summary>
    public string Text => Encoding.UTF8.GetString(Output);

    /// <summary>Standard output as a JSON document; throws when it is malformed.</summary>
    public JsonElement Json => JsonDocument.Parse(Output).RootElement;

    /// <summary>Runs <c>hammer2</c> with these words.</summary>
    public static ToolRun Execute(params string[] words) => ExecuteAs("hammer2", words);

    /// <summary>Runs the program under another of its names.</summary>
    public static ToolRun ExecuteAs(string program, params string[] words)
    {
        using var output = new MemoryStream();
        using var error = new MemoryStream();
        int code;
        using (var terminal = new Terminal(output, error)) code = Dispatcher.Run(program, words, terminal);
        return new ToolRun(code, output.ToArray(), Encoding.UTF8.GetString(error.ToArray()));
    }

    /// <summary>The whole output, for assertion messages.</summary>
    public override string ToString() => $"exit {ExitCode}\n{Text}\n{Error}";
}
