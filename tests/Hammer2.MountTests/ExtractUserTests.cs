// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using System.Linq;
using System.Text.Json;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>
/// Goal: an ordinary user extracts, and continues in a second run, also when the first set permissions that deny access
/// to the owner. Method: the program as another user, over a volume with such a directory.
/// </summary>
public sealed class ExtractUserTests
{
    [OtherUserFact]
    public void A_second_run_as_an_ordinary_user_continues_in_directories_without_permissions()
    {
        DirectoryInfo scratch = Directory.CreateTempSubdirectory("hammer2-extract-");
        try
        {
            string tree = scratch.FullName + "/tree", image = scratch.FullName + "/new.img";
            string target = scratch.FullName + "/target";
            const string Script = "cd \"$0\" && mkdir -p tree/closed target && echo data >tree/closed/file && mkfifo "
                + "tree/closed/fifo && ln -s file tree/closed/link && ln tree/closed/file tree/closed/second "
                + "&& chmod 0 tree/closed && chmod 755 . && chown 65534:65534 target";
            Assert.Equal(0, HammerProgram.RunAny("sh", "-c", Script, scratch.FullName).ExitCode);
            ProgramResult made = HammerProgram.Run("newfs", "-s", "64m", "--populate", tree, image);
            Assert.True(made.ExitCode == 0, made.Error);

            ProgramResult first = Extract(image, target);
            Assert.True(first.ExitCode == 0, first.Output + first.Error);
            Assert.Equal(0, PosixTree.Status(target + "/closed").Mode & UnixMode.PermissionBits);
            Assert.Equal(65534u, PosixTree.Status(target + "/closed/link").User);
            File.Delete(target + "/closed/link");

            ProgramResult second = Extract(image, target);
            Assert.True(second.ExitCode == 0, second.Output + second.Error);
            JsonElement report = JsonDocument.Parse(second.Output).RootElement;
            Assert.Equal((1, 2, 1), (report.GetProperty("links").GetInt32(), report.GetProperty("present").GetInt32(),
                report.GetProperty("hardLinks").GetInt32()));
            Assert.Equal(0, PosixTree.Status(target + "/closed").Mode & UnixMode.PermissionBits);
            string[] found = Directory.GetFileSystemEntries(target + "/closed");
            Assert.Equal(["fifo", "file", "link", "second"], found.Select(Path.GetFileName).Order());
        }
        finally
        {
            scratch.Delete(recursive: true);
        }
    }

    private static ProgramResult Extract(string image, string target) => HammerProgram.RunAny(
        "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--", HammerProgram.ProgramPath,
        "extract", image, target, "--json");
}
