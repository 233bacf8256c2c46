// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Hammer2.Vnodes;
using Linux.Text;

namespace Hammer2.Fuse.Administration;

/// <summary>Prints answers as JSON or as text, which is made from the JSON, so that both say the same.</summary>
internal static class AnswerEncoder
{
    /// <summary>Version of the JSON: a field may be added to it without a new one.</summary>
    public const int Version = 1;

    /// <summary>An answer with a newline at its end.</summary>
    public static byte[] Encode(RequestAnswer answer, bool isJson)
    {
        byte[] result = ResultOf(answer);
        return isJson ? Json(answer, result) : Text(answer, result);
    }

    /// <summary>What is known of a request that still runs, with a newline at its end.</summary>
    public static byte[] EncodeRunning(JobResult job, bool isJson)
    {
        byte[] result = JsonSerializer.SerializeToUtf8Bytes(job, ResultJson.Default.JobResult);
        if (isJson) return Json(job.Request, "running", Errno.None, "", result);
        var text = new StringBuilder("running\n");
        AppendFields(text, result);
        return ByteText.Encode(text.ToString());
    }

    private static byte[] ResultOf(RequestAnswer answer) => answer is { Result: { } result, Json: { } type }
        ? JsonSerializer.SerializeToUtf8Bytes(result, type)
        : [];

    private static byte[] Json(RequestAnswer answer, byte[] result) => Json(
        answer.Request, answer.Error == Errno.None ? "done" : "failed", answer.Error, answer.Message, result);

    private static byte[] Json(string request, string state, Errno error, string message, byte[] result)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("version", Version);
            json.WriteString("request", ByteText.ToPrintable(request));
            json.WriteString("state", state);
            json.WriteNumber("errno", (int)error);
            json.WriteString("error", error == Errno.None ? "" : error.ToString());
            json.WriteString("message", ByteText.ToPrintable(message));
            json.WritePropertyName("result");
            if (result.Length > 0) json.WriteRawValue(result, skipInputValidation: true);
            else json.WriteNullValue();
            json.WriteEndObject();
        }
        return [.. buffer.WrittenSpan, (byte)'\n'];
    }

    private static byte[] Text(RequestAnswer answer, byte[] result)
    {
        var text = new StringBuilder();
        _ = answer.Error == Errno.None
            ? text.Append("done\n")
            : text.Append(CultureInfo.InvariantCulture,
                $"failed {(int)answer.Error} {answer.Error}: {ByteText.ToPrintable(answer.Message)}\n");
        if (result.Length > 0) AppendFields(text, result);
        return ByteText.Encode(text.ToString());
    }

    // A field a line; of a list an element a line.
    private static void AppendFields(StringBuilder text, byte[] result)
    {
        using var document = JsonDocument.Parse(result);
        foreach (JsonProperty field in document.RootElement.EnumerateObject())
        {
            if (field.Value.ValueKind != JsonValueKind.Array)
            {
                _ = text.Append(CultureInfo.InvariantCulture, $"{field.Name}: {ValueOf(field.Value)}\n");
                continue;
            }
            foreach (JsonElement element in field.Value.EnumerateArray())
                _ = text.Append(CultureInfo.InvariantCulture, $"{field.Name}: {ElementOf(element)}\n");
        }
    }

    private static string ElementOf(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object) return ValueOf(element);
        var line = new StringBuilder();
        foreach (JsonProperty field in element.EnumerateObject())
        {
            if (line.Length > 0) _ = line.Append(' ');
            string value = ValueOf(field.Value);
            bool isPlain = field.Value.ValueKind != JsonValueKind.String
                || (value.Length > 0 && !value.AsSpan().ContainsAny(" \"="));
            _ = line.Append(field.Name).Append('=').Append(isPlain ? value : field.Value.GetRawText());
        }
        return line.ToString();
    }

    private static string ValueOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.True => "yes",
        JsonValueKind.False => "no",
        JsonValueKind.Null => "-",
        _ => value.GetRawText(),
    };
}
