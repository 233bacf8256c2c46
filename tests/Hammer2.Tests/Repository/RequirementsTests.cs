// SPDX-License-Identifier: BSD-3-Clause
using System.Diagnostics;
using System.IO;
using Hammer2.Testing;
using Hammer2.Tests.Admin;
using Xunit;

namespace Hammer2.Tests.Repository;

/// <summary>
/// Goal: on a system without the .NET SDK the commands first print how to install it, and find it once installed.
/// Method: the shell function with a PATH that has no SDK, or a stand-in.
/// </summary>
public sealed class RequirementsTests : IDisposable
{
    private static readonly string Line = "curl -fsSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0"
        + (Environment.UserName == "root"
            ? " --install-dir /usr/share/dotnet && ln -s /usr/share/dotnet/dotnet /usr/local/bin/" : "");

    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Without_an_SDK_the_last_line_installs_one()
    {
        (int code, string error) = Run("need_dotnet");
        Assert.NotEqual(0, code);
        Assert.Contains("the .NET SDK 10 is needed first", error, StringComparison.Ordinal);
        Assert.EndsWith($"\n{Line}\n", error, StringComparison.Ordinal);
        Assert.Contains(Line, File.ReadAllLines(RepositoryRoot.Below("README.md")));
    }

    [Fact]
    public void The_SDK_is_found_where_that_line_installs_it()
    {
        StandIn("[ \"$1\" = --version ] && echo 10.0.100");
        (int code, string error) = Run("need_dotnet; [ \"$(command -v dotnet)\" = \"$HOME/.dotnet/dotnet\" ]");
        Assert.True(code == 0, error);
    }

    [Fact]
    public void The_sdk_needs_no_libicu()
    {
        StandIn("[ \"$DOTNET_SYSTEM_GLOBALIZATION_INVARIANT\" = 1 ]");
        (int code, string error) = Run("need_dotnet");
        Assert.True(code == 0, error);
    }

    [Fact]
    public void Errors_of_an_SDK_are_printed_with_the_line_that_installs_another()
    {
        StandIn("echo 'A compatible SDK was not found.' >&2; exit 155");
        (int code, string error) = Run("need_dotnet");
        Assert.NotEqual(0, code);
        Assert.Contains("A compatible SDK was not found.", error, StringComparison.Ordinal);
        Assert.EndsWith($"\n{Line}\n", error, StringComparison.Ordinal);
    }

    /// <summary>Installs a stand-in for the SDK in the home directory.</summary>
    private void StandIn(string script)
    {
        string directory = Directory.CreateDirectory(_scratch.Below(".dotnet")).FullName;
        File.WriteAllText(directory + "/dotnet", "#!/bin/sh\n" + script + "\n");
        using Process chmod = Process.Start("chmod", ["+x", directory + "/dotnet"]);
        chmod.WaitForExit();
        Assert.Equal(0, chmod.ExitCode);
    }

    // Neither a package manager nor an SDK is on this path.
    private (int Code, string Error) Run(string script)
    {
        string requirements = RepositoryRoot.Below("eng", "requirements.sh");
        var start = new ProcessStartInfo("/bin/bash", ["-c", $". '{requirements}'; {script}", "demo"])
        {
            RedirectStandardError = true,
        };
        string bin = Directory.CreateDirectory(_scratch.Below("bin")).FullName;
        if (!File.Exists(bin + "/readlink")) _ = File.CreateSymbolicLink(bin + "/readlink", "/usr/bin/readlink");
        start.Environment["PATH"] = bin;
        start.Environment["HOME"] = _scratch.Path;
        _ = start.Environment.Remove("DOTNET_ROOT");
        _ = start.Environment.Remove("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT");
        using Process process = Process.Start(start)!;
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, error);
    }
}
